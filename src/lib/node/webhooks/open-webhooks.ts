/** The webhooks of a node, put together. */
import {Guard} from '../../auth/guard.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import type {ActionRegistry} from '../action-registry.js'
import {CalmWarning} from '../calm-warning.js'
import type {Counters} from '../counters.js'
import {compileGlob} from '../glob.js'
import type {NodeLimits} from '../limits.js'
import {describeError} from '../log.js'
import type {Log} from '../log.js'
import {actionWebhook} from './action-webhooks.js'
import {connectionEvents} from './connection-events.js'
import {EventSink} from './event-sink.js'
import type {ActionRoute, EventRoute, WebhookOptions} from './webhook-options.js'

export interface WebhookServices {
  readonly node: string
  readonly registry: ActionRegistry
  readonly secret: MeshSecret
  readonly counters: Counters
  readonly log: Log
  readonly limits: Pick<
    NodeLimits, 'webhookTimeoutMs' | 'webhooksAtOnce' | 'webhooksWaitingMax' | 'webhookEventsMax'
  >
  /** From 0 to 1. */
  readonly random: () => number
  readonly now: () => number
  readonly wallClock: () => number
}

export interface Webhooks {
  /** Resolves when the application has all events, or the time is over. */
  flush(withinMs: number): Promise<void>
  close(): Promise<void>
}

const OWN_EVENTS = '--webhook-events'

export function openWebhooks(options: WebhookOptions, services: WebhookServices): Webhooks {
  const {node, registry, counters, log, limits} = services
  let lastId = 0
  const nextId = (): string => `${node}-w${(lastId += 1)}`
  const calm = new CalmWarning(log)
  const shared = {...services, nextId, timeoutMs: limits.webhookTimeoutMs, calm}
  for (const {pattern, url} of options.actions) {
    const {isIdempotent} = options
    const guard = guardOf({pattern, url}, services)
    registry.route(compileGlob(pattern), actionWebhook({...shared, url, isIdempotent, guard}))
  }
  const {webhookEventsMax: eventsMax} = limits
  const sinks = options.events.map(
    ({types, url}) => ({types, sink: new EventSink({...shared, url, eventsMax, counters})}),
  )
  if (sinks.length > 0) registry.replace(OWN_EVENTS, eventHandlers(sinks, {...services, nextId}))
  return {
    async flush(withinMs) {
      await Promise.all(sinks.map(({sink}) => sink.flush(withinMs)))
    },
    async close() {
      await Promise.all(sinks.map(({sink}) => sink.close()))
    },
  }
}

interface OpenSink extends Pick<EventRoute, 'types'> {
  readonly sink: EventSink
}

function eventHandlers(
  sinks: readonly OpenSink[],
  {node, nextId, wallClock}: WebhookServices & {readonly nextId: () => string},
): ReturnType<typeof connectionEvents> {
  return connectionEvents({
    node,
    nextId,
    wallClock,
    emit(event) {
      for (const {types, sink} of sinks) if (types.includes(event.type)) sink.push(event)
    },
  })
}

/** One of each: an application that hangs keeps nobody from another. */
function guardOf({pattern, url}: ActionRoute, {log, limits, now}: WebhookServices): Guard {
  return new Guard({
    atOnce: limits.webhooksAtOnce,
    waitingMax: limits.webhooksWaitingMax,
    now,
    onOpen: (error) =>
      log.error('Not asking a webhook for a moment: it fails again and again', {
        pattern, url, error: describeError(error),
      }),
    onClose: () => log.info('Asking a webhook again: it answers', {pattern, url}),
  })
}
