/**
 * Actions of clients that the application handles over HTTP. The actions of one connection are
 * asked about one after another, in their order; a client gets its answer or an error within
 * --webhook-timeout of its frame, however long the application takes.
 */
import {NotAsked} from '../../auth/guard.js'
import type {Guard} from '../../auth/guard.js'
import type {ActionCall, ActionHandler} from '../action-api.js'
import type {CalmWarning} from '../calm-warning.js'
import type {Counters} from '../counters.js'
import {describeFailure} from '../../auth/describe-failure.js'
import {signedPost, wasNotSent} from './signed-post.js'
import type {Post, SignedPostOptions} from './signed-post.js'
import {readWebhookAnswer} from './webhook-answer.js'
import type {WebhookAnswer} from './webhook-answer.js'

export interface ActionWebhookOptions extends SignedPostOptions {
  readonly node: string
  readonly url: string
  readonly timeoutMs: number
  /** See WebhookOptions. */
  readonly isIdempotent: boolean
  readonly guard: Guard
  readonly nextId: () => string
  readonly counters: Counters
  readonly calm: CalmWarning
}

/** What a client is told when the application has no say. */
const UNAVAILABLE = [503, 'The application cannot be asked at the moment: try again later'] as const
const FAILED = [502, 'The application failed'] as const
const LATE = [504, 'The application does not answer in time'] as const

/** What may be asked again is asked so often at most, with a pause that doubles. */
const TRIES = 3
const PAUSE_MS = 100

export function actionWebhook(options: ActionWebhookOptions): ActionHandler {
  /** The last of each connection that has one under way. */
  const lines = new Map<string, Promise<void>>()
  return (call) => {
    const signal = AbortSignal.timeout(options.timeoutMs)
    const before = lines.get(call.connection.id) ?? Promise.resolve()
    const handled = before.then(() => handle(call, signal, options))
    // Who comes next waits for it, whatever becomes of it.
    const line = handled.catch(() => {}).finally(() => {
      if (lines.get(call.connection.id) === line) lines.delete(call.connection.id)
    })
    lines.set(call.connection.id, line)
    return handled
  }
}

async function handle(
  call: ActionCall, signal: AbortSignal, options: ActionWebhookOptions,
): Promise<void> {
  const {guard, counters, calm, url} = options
  let answer: WebhookAnswer
  try {
    // Its time passed while those before it were asked about.
    signal.throwIfAborted()
    answer = await guard.ask(() => ask(call, signal, options))
  } catch (error) {
    const [code, text] = failureOf(error, signal)
    counters.add(error instanceof NotAsked ? 'webhooksBusy' : 'webhooksFailed')
    const why = describeFailure(error)
    calm.warn('A webhook failed', {url, action: call.action, code, error: why, ...call.trace})
    call.error(code, text)
    return
  }
  counters.add('webhooksAnswered')
  // One origin, one order: the messages of an answer keep theirs.
  await Promise.all(answer.publish.map(({action, details, target, id}) =>
    call.send(action, details, target, id === undefined ? {} : {id})))
  if (answer.error !== undefined) call.error(...answer.error)
  if (answer.reply !== undefined) call.reply(answer.reply.details)
}

function failureOf(error: unknown, signal: AbortSignal): readonly [code: number, text: string] {
  if (error instanceof NotAsked) return UNAVAILABLE
  return signal.aborted ? LATE : FAILED
}

async function ask(
  call: ActionCall, signal: AbortSignal, options: ActionWebhookOptions,
): Promise<WebhookAnswer> {
  const id = options.nextId()
  const {url, node} = options
  const post = {url, id, body: bodyOf(call, id, node), trace: call.trace, signal}
  for (let tried = 1; ; tried += 1) {
    try {
      return await askOnce(post, options)
    } catch (error) {
      const isHarmless = options.isIdempotent || wasNotSent(error)
      if (!isHarmless || tried === TRIES || signal.aborted) throw error
    }
    await pause(PAUSE_MS * 2 ** (tried - 1), signal)
  }
}

async function askOnce(post: Post, options: ActionWebhookOptions): Promise<WebhookAnswer> {
  return readWebhookAnswer(await signedPost(post, options))
}

/** Rejects with the reason of the signal. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(new Error('no time is left to ask again', {cause: signal.reason}))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, {once: true})
  })
}

/** The names are an API (docs/WEBHOOKS.md). */
function bodyOf(call: ActionCall, message: string, node: string): string {
  const {action, details, user, groups, session, language, connection} = call
  return JSON.stringify({
    action,
    details,
    user: user ?? null,
    groups,
    session: session ?? null,
    language: language ?? null,
    user_agent: connection.userAgent ?? null,
    ip: connection.address,
    connection: connection.id,
    node,
    message,
  })
}
