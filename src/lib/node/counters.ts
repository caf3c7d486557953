/**
 * What a node counted since it started. The names are an API (docs/OPERATIONS.md): each limit and
 * each refusal has one, so that nothing is dropped in silence (P9).
 */
export const COUNTER_NAMES = [
  'actionsHandled',
  'actionsIgnored',
  'actionsRefused',
  'actionsUnknown',
  'apiRequests',
  'apiRequestsLimited',
  'apiRequestsRefused',
  'apiRequestsUnavailable',
  'apiRequestsWrong',
  'authenticationsFailed',
  'authenticationTimeouts',
  'authenticationsUnavailable',
  'clientBytesIn',
  'clientBytesOut',
  'clientFramesIn',
  'clientFramesOut',
  'clientsAccepted',
  'clientsDroppedUnknown',
  'clientsKicked',
  'clientsNotRecovered',
  'clientsOf2015',
  'clientsRecovered',
  'clientsRefusedAddress',
  'clientsRefusedOrigin',
  'clientsRefusedPace',
  'clientsDelayedPace',
  'clientsRefusedTooMany',
  'clientsRefusedUnavailable',
  'clientsRefusedUser',
  'clientViolations',
  'connectionsDropped',
  'deliveredToEveryone',
  'deliveredToFilters',
  'deliveredToGroups',
  'deliveredToRegistered',
  'deliveredToSessions',
  'deliveredToUsers',
  'framesTooBig',
  'framesTooDeep',
  'handlerErrors',
  'handlersBusy',
  'handlersBusyTotal',
  'handlerTimeouts',
  'handshakesFailed',
  'headersTooBig',
  'identitiesReread',
  'linkBytesIn',
  'linkBytesOut',
  'linkFramesIn',
  'linkFramesOut',
  'linksClosedSlow',
  'linkViolations',
  'masterChanges',
  'messagesDelivered',
  'messagesPublished',
  'missedPongs',
  'operatorsRefused',
  'operatorViolations',
  'outboxFailures',
  'outboxRowsSent',
  'outboxRowsSetAside',
  'publishedByApi',
  'publishedByHandlers',
  'publishedByOperators',
  'publishedByOutbox',
  'publishesRefused',
  'receiptsTimedOut',
  'requestsTimedOut',
  'sessionsExpired',
  'slowConsumers',
  'storeFailures',
  'tailDropped',
  'tlsHandshakesFailed',
  'traceContextsCarried',
  'traceContextsInvalid',
  'userActionsRefused',
  'webhookEventsDropped',
  'webhookEventsSent',
  'webhooksAnswered',
  'webhooksBusy',
  'webhooksFailed',
] as const

export type CounterName = (typeof COUNTER_NAMES)[number]

export class Counters {
  /** Several are counted for every message: a map is faster at that than an object of so many. */
  readonly #values = new Map(COUNTER_NAMES.map((name) => [name, {count: 0}]))

  add(name: CounterName, amount = 1): void {
    const value = this.#values.get(name)
    if (value !== undefined) value.count += amount
  }

  get(name: CounterName): number {
    return this.#values.get(name)?.count ?? 0
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(COUNTER_NAMES.map((name) => [name, this.get(name)]))
  }
}

/** How much a counter grew in the last whole second. */
export class Rate {
  readonly #read: () => number
  #sinceMs: number
  #before: number
  #perS = 0

  constructor(read: () => number, nowMs: number) {
    this.#read = read
    this.#sinceMs = nowMs
    this.#before = read()
  }

  /** Expected about every second or more often. */
  sample(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs
    if (elapsedMs < 1000) return
    const value = this.#read()
    this.#perS = Math.round(((value - this.#before) * 1000) / elapsedMs)
    this.#before = value
    this.#sinceMs = nowMs
  }

  get perS(): number {
    return this.#perS
  }
}
