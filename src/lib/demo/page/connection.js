// A tab's connection. wsmesh.connect does the work: it proves who the user is, comes back to any
// node that lives, and gets what it missed. This class says in words what it does.

/** A number for all tabs: not for the log. */
export const NUMBER_ACTION = 'demo/number'
const GROUP = 'wsmesh-demo'

/**
 * `change` when `state` changes: 'off', 'connecting', 'on', 'waiting'. `message` for each message
 * that arrives, `failure` for each answer that is an error, `number` for each number, `note` for
 * what a person should know; all of these carry `detail`.
 */
export class Connection extends EventTarget {
  state = 'off'
  /** The id of the node that it is connected to, or was last. */
  nodeId
  #mesh
  #client
  #actions = new Set()
  #wasOpen = false

  constructor(mesh) {
    super()
    this.#mesh = mesh
  }

  /** `node` is the one that it would like; where that one is dead any other will do. */
  connect(user, node) {
    const client = globalThis.wsmesh.connect(`/WebSockets?node=${encodeURIComponent(node)}`, {
      getToken: () => askToken(user),
    })
    this.#client = client
    this.#actions.clear()
    this.#wasOpen = false
    client.onState((state) => {
      if (client === this.#client) this.#changed(state)
    })
    client.on(NUMBER_ACTION, (number, run) => {
      if (client === this.#client) this.#tell('number', {number, run})
    })
    void this.#read(client)
    this.#changed(client.state)
  }

  disconnect() {
    const client = this.#client
    this.#client = undefined
    client?.close()
    if (this.state !== 'off') this.#tell('note', 'Disconnected')
    this.#become('off')
  }

  /** The text of the frame that was sent; undefined when there is no connection. */
  send(action, details) {
    if (this.state !== 'on') return undefined
    if (!this.#actions.has(action)) {
      this.#actions.add(action)
      const fail = (code, text) => this.#tell('failure', {action: `${action}:error`, code, text})
      this.#client.on(action, undefined, fail)
    }
    this.#client.send(action, ...details)
    return JSON.stringify({action, details})
  }

  async #read(client) {
    try {
      for await (const message of client) {
        if (message.action !== NUMBER_ACTION) this.#tell('message', message)
      }
    } catch (error) {
      this.#tell('note', `Messages are not shown any more: ${error.message}`)
    }
  }

  #changed(state) {
    switch (state.type) {
      case 'connecting':
        return this.#become('connecting')
      case 'open':
        // A new token in time: it is the same connection.
        if (this.state === 'on') return undefined
        this.nodeId = state.node
        this.#tell('note', this.#opened(state))
        this.#wasOpen = true
        return this.#become('on')
      case 'waiting':
        this.#tell('note', `${state.why}. Trying again in ${(state.delayMs / 1000).toFixed(1)} s`)
        return this.#become('waiting')
      default:
        this.#client = undefined
        this.#tell('note', `The connection is closed for good: ${state.reason} (${state.code})`)
        return this.#become('off')
    }
  }

  #opened({node, user, recovered}) {
    const name = this.#mesh.nameOf(node) ?? node
    if (!this.#wasOpen) return `Connected to node ${name} as user ${user}`
    return recovered
      ? `Connected again, to node ${name}: what was sent meanwhile follows`
      : `Connected again, to node ${name}. What was sent meanwhile is missing here`
  }

  #become(state) {
    if (state === this.state) return
    this.state = state
    this.dispatchEvent(new Event('change'))
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}))
  }
}

async function askToken(user) {
  const response = await fetch('/token', {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({user, groups: [GROUP]}),
  })
  if (!response.ok) throw new Error(`No token: ${(await response.text()).trim()}`)
  return (await response.json()).token
}
