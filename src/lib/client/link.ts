/** A connection of its own to some node: proves who it is, watches it, and comes back. */
import {nowMs, onWake} from './environment.js'
import {AUTHENTICATION, ERROR, parseFrame, POSITION, SUBPROTOCOL} from './frame.js'
import type {Frame} from './frame.js'
import type {Line, LineOwner} from './line.js'
import {TIMER_MS_MAX} from './settings.js'
import type {Settings} from './settings.js'
import {Tokens} from './tokens.js'
import type {MeshState, SocketEvent, SocketEventName, SocketLike} from './types.js'
import {Watch} from './watch.js'

/** From the question for a token to the node's answer. */
const ATTEMPT_MS = 15_000
/** A connection that lived so long was no failure: the next pause is a short one again. */
const SOUND_MS = 5000
const OPEN = 1
/** From here on a node says that to connect again would end the same way. */
const FOR_GOOD = 4500
const SESSION_EXPIRED = 4006
const NO_NODE = 'No node of a mesh'

export class Link implements Line {
  readonly tag: string | undefined
  readonly #settings: Settings
  readonly #owner: LineOwner
  readonly #tokens: Tokens
  readonly #watch: Watch
  #socket: SocketLike | undefined
  /** Of the attempt, or of the pause before the next one. */
  #timer: ReturnType<typeof setTimeout> | undefined
  #renewal: ReturnType<typeof setTimeout> | undefined
  #sleep: () => void = () => {}
  #attempts = 0
  #failures = 0
  readonly #urls: readonly string[]
  #url = 0
  #state: MeshState = {type: 'connecting'}
  #openMs = 0

  constructor(settings: Settings, owner: LineOwner) {
    this.#settings = settings
    this.#owner = owner
    this.#tokens = new Tokens(settings)
    // In an order of its own: clients begin at different nodes, and those of one do not all go to
    // the same next.
    this.#urls = settings.urls.map((url) => [Math.random(), url] as const)
      .toSorted(([a], [b]) => a - b).map(([, url]) => url)
    this.#watch = new Watch(
      () => this.write(JSON.stringify({action: POSITION})),
      () => this.#lost('The node does not answer'),
    )
  }

  start(): void {
    this.#sleep = onWake(() => this.wake())
    void this.#attempt()
  }

  /** The network may be back: it is tried now, whatever the pause. */
  wake(): void {
    if (this.#state.type === 'waiting') void this.#attempt()
    else if (this.#state.type === 'open') this.#watch.ask()
  }

  write(text: string): boolean {
    if (this.#state.type !== 'open' || this.#socket?.readyState !== OPEN) return false
    this.#socket.send(text)
    return true
  }

  close(): void {
    this.#drop(1000)
    this.#sleep()
  }

  /** Never rejects. */
  async #attempt(): Promise<void> {
    this.#drop()
    const attempt = this.#attempts
    this.#become({type: 'connecting'})
    // Listeners of the state may have closed it.
    if (attempt !== this.#attempts) return
    this.#timer = setTimeout(() => this.#lost('No answer'), ATTEMPT_MS)
    try {
      const token = await this.#tokens.get()
      if (attempt !== this.#attempts) return
      if (token === null) this.#end(FOR_GOOD, 'Nobody is logged in')
      else this.#open(token)
    } catch (error) {
      if (attempt === this.#attempts) this.#wait(`Cannot connect: ${String(error)}`)
    }
  }

  #open(token: string | undefined): void {
    const {WebSocket} = this.#settings
    const url = this.#urls[this.#url % this.#urls.length] ?? ''
    const socket = new WebSocket(url, SUBPROTOCOL)
    this.#socket = socket
    const on = (type: SocketEventName, hear: (event: SocketEvent) => void): void =>
      socket.addEventListener(type, (event) => {
        if (socket === this.#socket) hear(event)
      })
    on('open', () => socket.send(this.#proof(token, this.#owner.position)))
    on('message', ({data}) => this.#received(parseFrame(data)))
    on('close', ({code = 0, reason = ''}) => this.#closed(code, reason))
    // What is wrong is said by the close that follows; `ws` throws it where nobody listens.
    on('error', () => {})
  }

  #proof(token: string | undefined, resume?: string): string {
    const {session, language, userAgent: user_agent, trace} = this.#settings
    const details = [{token, session, language, user_agent, resume, trace: trace && true}]
    return JSON.stringify({action: AUTHENTICATION, details})
  }

  #received(frame: Frame | undefined): void {
    const {action, details = []} = frame ?? {}
    const [, answer] = details
    this.#watch.heard()
    if (action === AUTHENTICATION && isAnswer(answer)) this.#letIn(answer)
    else if (frame === undefined || action === AUTHENTICATION) this.#lost(NO_NODE)
    else if (action === AUTHENTICATION + ERROR) this.#refused(details)
    else if (this.#state.type === 'open') this.#owner.arrived(frame)
  }

  #letIn(answer: Answer): void {
    const {user, groups, session, node, position, recovered, heartbeatMs, expiresInMs} = answer
    const before = this.#state
    const isAgain = this.#owner.position !== undefined
    this.#endsIn(expiresInMs)
    const known = {type: 'open', user, groups, session, node} as const
    if (before.type === 'open') {
      // A renewal: nothing was missed, and the stream goes on.
      this.#become({...known, recovered: before.recovered})
      return
    }
    clearTimeout(this.#timer)
    this.#openMs = nowMs()
    this.#watch.start(heartbeatMs)
    this.#become({...known, recovered: isAgain ? recovered : null}, position ?? undefined)
  }

  #endsIn(ms: number | null | undefined): void {
    clearTimeout(this.#renewal)
    if (typeof ms !== 'number') return
    this.#tokens.endsIn(ms)
    // Not all tabs that were opened together at once, and early enough to try again.
    this.#renewIn(ms * (0.6 + 0.2 * Math.random()), nowMs() + ms)
  }

  #renewIn(ms: number, endMs: number): void {
    if (!this.#tokens.canRenew || ms > TIMER_MS_MAX) return
    const attempt = this.#attempts
    const renew = async (): Promise<void> => {
      try {
        const token = await this.#tokens.renew()
        if (attempt === this.#attempts && token) this.write(this.#proof(token))
      } catch {
        // Whoever makes tokens may be away for a while.
        const laterMs = Math.max(1000, (endMs - nowMs()) / 2)
        if (attempt === this.#attempts) this.#renewIn(laterMs, endMs)
      }
    }
    this.#renewal = setTimeout(() => void renew(), ms)
  }

  #refused(details: readonly unknown[]): void {
    const [code, text] = details
    // Who is known stays so; a renewal that failed shows when the token ends.
    if (this.#state.type === 'open') return
    if (code === 429 || code === 503) return this.#lost(String(text))
    const canTryAnother = this.#tokens.canRenew && !this.#tokens.isFresh
    this.#tokens.forget()
    if (canTryAnother) void this.#attempt()
    else this.#end(FOR_GOOD, String(text))
  }

  #closed(code: number, reason: string): void {
    if (code >= FOR_GOOD && code < 5000) return this.#end(code, reason)
    if (code === SESSION_EXPIRED) this.#tokens.forget()
    this.#lost(reason || `Closed (${code})`)
  }

  #lost(why: string): void {
    const isSound = this.#state.type === 'open' && nowMs() - this.#openMs > SOUND_MS
    if (isSound) this.#failures = 0
    this.#wait(why)
  }

  /** Full jitter: thousands that lost one node do not come back in one moment. */
  #wait(why: string): void {
    const {reconnectMinMs, reconnectMaxMs} = this.#settings
    this.#drop()
    // Another node, where there is a list: the one that was not tried for the longest time.
    this.#url += 1
    // A node that is stopped says in which time its clients shall come to others: no failure.
    const mostMs = /^drain: within (\d{1,5}) ms$/.exec(why)?.[1]
      ?? Math.min(reconnectMaxMs, (reconnectMinMs || 1) * 2 ** this.#failures++)
    const delayMs = Math.round(Math.random() * Number(mostMs))
    this.#timer = setTimeout(() => void this.#attempt(), delayMs)
    this.#become({type: 'waiting', delayMs, why})
  }

  #end(code: number, reason: string): void {
    this.close()
    this.#become({type: 'closed', code, reason})
  }

  /** Nothing of what was begun goes on. */
  #drop(code?: number): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#attempts += 1
    clearTimeout(this.#timer)
    clearTimeout(this.#renewal)
    this.#watch.stop()
    if (code === undefined && socket?.terminate !== undefined) socket.terminate()
    else socket?.close(code)
  }

  #become(state: MeshState, position?: string): void {
    this.#state = state
    this.#owner.changed(state, position)
  }
}

/** Details of the answer to an authentication; a node of another version may leave some out. */
interface Answer {
  readonly user: string | null
  readonly groups: readonly string[]
  readonly session: string | null
  readonly node: string
  readonly position: string | null
  readonly recovered: boolean
  readonly heartbeatMs: number
  readonly expiresInMs?: number | null
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'heartbeatMs' in value
}
