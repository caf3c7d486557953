// What the demo knows of its nodes: GET /demo.json every two seconds while the page is seen.

const POLL_MS = 2000
const ASK_MS = 3000

export class Mesh extends EventTarget {
  view = {master: null, term: null, nodes: [], commands: []}
  isLost = false
  /** Names of all node ids ever seen, so that a message of a dead node still has a name. */
  #names = new Map()
  #timer
  #asking

  start() {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.refresh()
    })
    return this.refresh()
  }

  /** One question at a time; whoever asks meanwhile gets the same answer. */
  refresh() {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  get liveNodes() {
    return this.view.nodes.filter(({clientUrl, role}) => clientUrl !== null && role !== 'down')
  }

  node(name) {
    return this.view.nodes.find((node) => node.name === name)
  }

  /** "2" for the id of node 2; undefined for a node that is not of this demo. */
  nameOf(id) {
    return this.#names.get(id)
  }

  async #ask() {
    clearTimeout(this.#timer)
    try {
      const response = await fetch('/demo.json', {signal: AbortSignal.timeout(ASK_MS)})
      if (!response.ok) throw new Error(`The demo answers ${response.status}`)
      this.view = await response.json()
      for (const {id, name} of this.view.nodes) if (id !== null) this.#names.set(id, name)
      this.isLost = false
    } catch {
      this.isLost = true
    }
    this.dispatchEvent(new Event('change'))
    this.#timer = setTimeout(() => {
      if (!document.hidden) void this.refresh()
    }, POLL_MS)
  }
}
