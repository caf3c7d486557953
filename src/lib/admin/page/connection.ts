/** The one socket to the admin: what it says, and questions with their answers. */
import type {AnswerOf, Ask, Failure, ServerMessage} from '../wire.js'

const COME_BACK_MS = 1000
const ANSWER_MS = 40_000

/** A question that was refused, in words for people. */
export class Refused extends Error {
  readonly hint: string | null

  constructor({message, hint}: Failure) {
    super(message)
    this.hint = hint
  }
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Refused) => void
}

export interface ConnectionOptions {
  readonly onMessage: (message: ServerMessage) => void
  readonly onLine: (line: 'lost' | 'locked') => void
}

const LOST: Failure = {
  code: 'NODE_UNREACHABLE', message: 'The admin did not answer', hint: 'Look whether it was done',
}

export class Connection {
  readonly #options: ConnectionOptions
  readonly #waiting = new Map<number, Waiting>()
  #socket: WebSocket | undefined
  #lastId = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    document.addEventListener('visibilitychange', () => this.#look())
  }

  /** Whoever has no cookie is told `locked`: the socket itself could not say why it is refused. */
  async open(): Promise<void> {
    try {
      const answer = await fetch('/session')
      if (hasNoRole(await answer.json())) return this.#options.onLine('locked')
    } catch {
      return this.#again()
    }
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/live`)
    this.#socket = socket
    socket.addEventListener('open', () => this.#look())
    socket.addEventListener('message', ({data}) => this.#heard(String(data)))
    socket.addEventListener('close', () => {
      this.#socket = undefined
      for (const {reject} of this.#waiting.values()) reject(new Refused(LOST))
      this.#waiting.clear()
      this.#again()
    })
  }

  ask<K extends Ask['ask']>(ask: Extract<Ask, {readonly ask: K}>): Promise<AnswerOf[K]> {
    this.#lastId += 1
    const id = this.#lastId
    const socket = this.#socket
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Refused(LOST))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Refused(LOST))
      }, ANSWER_MS)
      this.#waiting.set(id, {
        resolve: (result) => {
          clearTimeout(timer)
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own server's
          resolve(result as AnswerOf[K])
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      socket.send(JSON.stringify({...ask, id}))
    })
  }

  #heard(text: string): void {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above, and of one build
    const message = JSON.parse(text) as ServerMessage
    if (message.type !== 'answer') return this.#options.onMessage(message)
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.ok) waiting?.resolve(message.result)
    else waiting?.reject(new Refused(message.error))
  }

  /** A page that nobody sees is sent nothing. */
  #look(): void {
    this.ask({ask: 'look', isOn: !document.hidden}).catch(() => undefined)
  }

  #again(): void {
    this.#options.onLine('lost')
    setTimeout(() => void this.open(), COME_BACK_MS)
  }
}

function hasNoRole(answer: unknown): boolean {
  return typeof answer !== 'object' || answer === null || !('role' in answer)
    || answer.role === null
}

/** The token of the link for a cookie; then it is gone from the address and from the history. */
export async function enter(): Promise<string | undefined> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return undefined
  history.replaceState(null, '', location.pathname)
  const answer = await fetch('/session', {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({token}),
  })
  return answer.ok ? undefined : (await answer.text()).trim()
}
