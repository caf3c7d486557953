// A client of the mesh, as docs/PROTOCOL.md has it: prove who you are, then send and receive
// frames; when the connection ends with a code below 4500, connect again, to any node alive.

const RETRY_MS = 250
const RETRY_MS_MAX = 10_000

/**
 * `change` when `state` changes: 'off', 'connecting', 'on', 'waiting'. `frame` for each frame that
 * arrives, `note` for what a person should know; both carry `detail`.
 */
export class Connection extends EventTarget {
  state = 'off'
  /** The name of the node that it is connected to, or was last. */
  node
  #mesh
  #user
  #socket
  #timer
  #failures = 0

  constructor(mesh) {
    super()
    this.#mesh = mesh
  }

  connect(user, node) {
    this.#user = user
    this.node = node
    this.#failures = 0
    void this.#open()
  }

  disconnect() {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = undefined
    socket?.close(1000)
    if (this.state !== 'off') this.#note('Disconnected')
    this.#become('off')
  }

  /** The text of the frame that was sent; undefined when there is no connection. */
  send(action, details) {
    if (this.state !== 'on') return undefined
    const frame = JSON.stringify({action, details})
    this.#socket.send(frame)
    return frame
  }

  async #open() {
    this.#become('connecting')
    const wanted = this.node
    const user = this.#user
    try {
      const node = await this.#pickNode(wanted)
      const token = await askToken(user)
      if (this.state !== 'connecting' || this.#user !== user || this.node !== wanted) return
      if (node.name !== wanted) this.#note(`Node ${wanted} is away: trying node ${node.name}`)
      this.node = node.name
      this.#listen(new WebSocket(node.clientUrl, 'wsmesh.v1'), token)
    } catch (error) {
      if (this.state !== 'connecting' || this.#user !== user) return
      this.#retry(error.message)
    }
  }

  async #pickNode(wanted) {
    await this.#mesh.refresh()
    if (this.#mesh.isLost) throw new Error('The demo does not answer')
    const live = this.#mesh.liveNodes
    const node = live.find(({name}) => name === wanted) ?? live[Math.floor(Math.random() * live.length)]
    if (node === undefined) throw new Error('No node answers')
    return node
  }

  #listen(socket, token) {
    this.#socket = socket
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
    })
    socket.addEventListener('message', ({data}) => {
      if (socket === this.#socket) this.#receive(JSON.parse(data), data)
    })
    socket.addEventListener('close', ({code, reason}) => {
      if (socket === this.#socket) this.#closed(code, reason)
    })
  }

  #receive(frame, text) {
    const {action, details} = frame
    if (action === 'Client/authentication') {
      const isAgain = this.#failures > 0
      this.#failures = 0
      this.#note(
        isAgain
          ? `Connected again, to node ${this.node}. What was sent meanwhile is missing here`
          : `Connected to node ${this.node} as user ${details[1].user}`,
      )
      this.#become('on')
      return
    }
    if (action === 'Client/authentication:error') {
      this.#note(`Not let in: ${details[1]}`)
      return
    }
    if (action === 'Client/position') return
    this.dispatchEvent(new CustomEvent('frame', {detail: {frame, text}}))
  }

  #closed(code, reason) {
    this.#socket = undefined
    const why = reason === '' ? `code ${code}` : `${code} ${reason}`
    if (code < 4500) {
      this.#retry(`Node ${this.node} closed the connection (${why})`)
      return
    }
    this.#note(`Node ${this.node} closed the connection for good (${why})`)
    this.#become('off')
  }

  /** Full jitter: a thousand tabs that lost one node do not come back in one moment. */
  #retry(why) {
    const delayMs = Math.random() * Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#failures)
    this.#failures += 1
    this.#note(`${why}. Trying again in ${(delayMs / 1000).toFixed(1)} s`)
    this.#become('waiting')
    this.#timer = setTimeout(() => void this.#open(), delayMs)
  }

  #become(state) {
    this.state = state
    this.dispatchEvent(new Event('change'))
  }

  #note(text) {
    this.dispatchEvent(new CustomEvent('note', {detail: text}))
  }
}

async function askToken(user) {
  const response = await fetch('/token', {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({user}),
  })
  if (!response.ok) throw new Error(`No token: ${(await response.text()).trim()}`)
  return (await response.json()).token
}
