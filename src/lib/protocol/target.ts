/**
 * Who a message is for. Ids are text everywhere: user 42 and user "42" are the same user.
 * A list means "any of these".
 */
export type Target =
  | {readonly kind: 'user'; readonly ids: readonly string[]}
  | {readonly kind: 'group'; readonly ids: readonly string[]}
  | {readonly kind: 'session'; readonly ids: readonly string[]}
  | {readonly kind: 'filter'; readonly pairs: readonly (readonly [key: string, value: string])[]}
  | {readonly kind: 'registered'}
  | {readonly kind: 'everyone'}

/** What is known of a connection; a guest has no user, and only everyone-messages reach it. */
export interface Identity {
  readonly user: string | undefined
  readonly groups: readonly string[]
  readonly session: string | undefined
  /** What a filter can ask for: language, user_agent, user, session, and claims. */
  readonly properties: Readonly<Record<string, string>>
}
