// What the demo knows of its nodes: GET /events tells it, at once and whenever it changed.

const COME_BACK_MS = 2000

export class Mesh extends EventTarget {
  view = {master: null, term: null, isWhole: false, nodes: [], commands: []}
  isLost = false
  /** The first state since it watches, or since it was lost. */
  isFresh = false
  /** Whether it was lost before this state: then this may be another demo. */
  wasLost = false
  /** Without the numbers: they flow while a page that wants them watches. */
  isQuiet = false
  /** Names of all node ids ever seen, so that a message of a dead node still has a name. */
  #names = new Map()
  #source
  #timer

  /** Resolves with the first state. A page that nobody sees does not watch. */
  start() {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#stop()
      else this.#watch()
    })
    this.#watch()
    return new Promise((resolve) => {
      this.addEventListener('change', resolve, {once: true})
    })
  }

  setQuiet(isQuiet) {
    this.isQuiet = isQuiet
    if (!document.hidden) this.#watch()
  }

  get master() {
    return this.view.nodes.find(({id}) => id !== null && id === this.view.master)
  }

  node(name) {
    return this.view.nodes.find((node) => node.name === name)
  }

  /** "2" for the id of node 2; undefined for a node that is not of this demo. */
  nameOf(id) {
    return this.#names.get(id)
  }

  #watch() {
    this.#stop()
    let isFirst = true
    this.#source = new EventSource(this.isQuiet ? '/events?quiet' : '/events')
    this.#source.addEventListener('message', ({data}) => {
      this.view = JSON.parse(data)
      for (const {id, name} of this.view.nodes) if (id !== null) this.#names.set(id, name)
      this.isFresh = isFirst || this.isLost
      this.wasLost = this.isLost
      isFirst = false
      this.isLost = false
      this.dispatchEvent(new Event('change'))
    })
    this.#source.addEventListener('error', ({target}) => {
      this.isLost = true
      this.dispatchEvent(new Event('change'))
      // It comes back by itself, except after an answer that was an error.
      if (target.readyState === EventSource.CLOSED) {
        this.#timer = setTimeout(() => this.#watch(), COME_BACK_MS)
      }
    })
  }

  #stop() {
    clearTimeout(this.#timer)
    this.#source?.close()
  }
}
