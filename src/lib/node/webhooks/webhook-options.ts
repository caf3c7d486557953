/** Which actions and events of clients go to the application over HTTP. */

/** Actions of clients that match go to the URL, and its answer to the client. */
export interface ActionRoute {
  /** A glob over actions: `chat/*`, `**`. */
  readonly pattern: string
  readonly url: string
}

export const EVENT_TYPES = ['connected', 'disconnected', 'user.first', 'user.last'] as const

/**
 * `user.first`: the user's first connection to this node; `user.last`: the last one has gone. What
 * a user has at other nodes does not count.
 */
export type EventType = (typeof EVENT_TYPES)[number]

export interface EventRoute {
  readonly types: readonly EventType[]
  readonly url: string
}

export interface WebhookOptions {
  /** Of those that match, the first is asked. */
  readonly actions: readonly ActionRoute[]
  /** Each gets all of its types. */
  readonly events: readonly EventRoute[]
  /** The application knows repeats by `webhook-id`: what failed may be asked again. */
  readonly isIdempotent: boolean
}

export const NO_WEBHOOKS: WebhookOptions = {actions: [], events: [], isIdempotent: false}
