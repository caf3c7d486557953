/**
 * Events on their way to the application: in their order, many in one request, one request at a
 * time. What fails is sent again with the same id until it is taken, so the application may get an
 * event twice and knows it by its id; when too many wait, the newest are dropped and counted, in
 * /stats and in the next request.
 */
import {describeFailure} from '../../auth/describe-failure.js'
import type {CalmWarning} from '../calm-warning.js'
import type {Counters} from '../counters.js'
import {signedPost} from './signed-post.js'
import type {SignedPostOptions} from './signed-post.js'
import type {EventType} from './webhook-options.js'

/** The names are an API (docs/WEBHOOKS.md). */
export interface ConnectionEvent {
  readonly type: EventType
  /** Unique in the mesh. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly node: string
  readonly user: string | null
  readonly [name: string]: unknown
}

export interface EventSinkOptions extends SignedPostOptions {
  readonly url: string
  readonly timeoutMs: number
  readonly eventsMax: number
  readonly nextId: () => string
  readonly random: () => number
  readonly counters: Counters
  readonly calm: CalmWarning
}

const BATCH_MAX = 100
/** What happens within it goes in one request. */
const LINGER_MS = 50
const RETRY_MS = 500
const RETRY_MS_MAX = 30_000

type Sent = 'taken' | 'refused' | 'again'

export class EventSink {
  readonly #options: EventSinkOptions
  readonly #closed = new AbortController()
  #waiting: ConnectionEvent[] = []
  #dropped = 0
  /** While something waits. */
  #running: Promise<void> | undefined
  /** Ends a pause before its time. */
  #hurry: () => void = () => {}
  #isHurried = false

  constructor(options: EventSinkOptions) {
    this.#options = options
  }

  push(event: ConnectionEvent): void {
    if (this.#closed.signal.aborted) return
    const {eventsMax, counters, calm, url} = this.#options
    if (this.#waiting.length >= eventsMax) {
      this.#dropped += 1
      counters.add('webhookEventsDropped')
      calm.warn('Too many events wait for the application: the newest are dropped', {url})
      return
    }
    this.#waiting.push(event)
    this.#running ??= this.#run()
  }

  /** Sends what waits at once, and resolves when it is taken or the time is over. */
  async flush(withinMs: number): Promise<void> {
    this.#isHurried = true
    this.#hurry()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)))
    await Promise.race([this.#running, late])
    clearTimeout(timer)
  }

  /** At once; what waits is lost. */
  async close(): Promise<void> {
    const left = this.#waiting.length
    if (left > 0) {
      this.#options.counters.add('webhookEventsDropped', left)
      this.#options.calm.warn('Events that the application did not take are lost', {
        url: this.#options.url, events: left,
      })
    }
    this.#closed.abort()
    this.#hurry()
    await this.#running
  }

  async #run(): Promise<void> {
    await this.#pause(LINGER_MS)
    while (this.#waiting.length > 0 && !this.#closed.signal.aborted) {
      const events = this.#waiting.slice(0, BATCH_MAX)
      await this.#deliver(events, this.#dropped)
    }
    this.#running = undefined
  }

  /** Each try is the same request, so that the application knows it again. */
  async #deliver(events: readonly ConnectionEvent[], dropped: number): Promise<void> {
    const id = `${events[0]?.id}-batch`
    const body = JSON.stringify({events, dropped})
    for (let failures = 0; !this.#closed.signal.aborted; failures += 1) {
      if (failures > 0) {
        const most = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** (failures - 1))
        await this.#pause(most * (0.5 + this.#options.random() / 2))
      }
      const sent = await this.#send(id, body, events.length)
      if (sent === 'again') continue
      this.#waiting.splice(0, events.length)
      if (sent === 'taken') this.#dropped -= dropped
      return
    }
  }

  async #send(id: string, body: string, count: number): Promise<Sent> {
    const {url, timeoutMs, counters, calm} = this.#options
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeoutMs)])
    try {
      const {status} = await signedPost({url, id, body, signal}, this.#options)
      const sent = judge(status)
      if (sent === 'again') throw new Error(`it answers ${status}`)
      counters.add(sent === 'taken' ? 'webhookEventsSent' : 'webhookEventsDropped', count)
      if (sent === 'refused') calm.warn('The application refuses events', {url, status, count})
      return sent
    } catch (error) {
      if (this.#closed.signal.aborted) return 'again'
      counters.add('webhooksFailed')
      calm.warn('Events wait: the application does not take them', {
        url, waiting: this.#waiting.length, error: describeFailure(error),
      })
      return 'again'
    }
  }

  #pause(ms: number): Promise<void> {
    const isHurried = this.#isHurried && ms <= LINGER_MS
    if (isHurried || this.#closed.signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#hurry(), ms)
      this.#hurry = () => {
        clearTimeout(timer)
        this.#hurry = () => {}
        resolve()
      }
    })
  }
}

/** A refusal will be one the next time too, unless it says that it is for the moment. */
function judge(status: number): Sent {
  if (status >= 200 && status <= 299) return 'taken'
  const isForNow = status === 408 || status === 425 || status === 429
  return status >= 400 && status <= 499 && !isForNow ? 'refused' : 'again'
}
