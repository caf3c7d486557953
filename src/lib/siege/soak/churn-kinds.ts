/** The ways in which connections come and go: leaks live on the paths that nobody looks at. */
import {AUTHENTICATION, ERROR_SUFFIX} from '../../protocol/client-frame.js'
import {isRecord, parseJson} from '../../protocol/json-text.js'
import {SUBPROTOCOL} from '../../protocol/version.js'
import {ChurnSocket, upgradeOf} from './churn-socket.js'

/** Each with its share of the connections, in hundredths. */
export const CHURN_KINDS = {
  /** Proves itself, gets a message, asks for an action, closes. */
  clean: 35,
  /** As `clean`, but the message comes by HTTP. */
  post: 5,
  /** The connection breaks without a close. */
  terminate: 15,
  /** Ends in the middle of the WebSocket handshake, or before it. */
  abort: 5,
  /** A token that does not hold. */
  refused: 5,
  /** A frame that is none. */
  invalid: 5,
  /** Breaks, and comes back elsewhere with its position. */
  resume: 10,
  /** Proves itself again on the same connection, with other groups and another session. */
  regroup: 8,
  /** Two tabs of a user, one of which stays longer. */
  tabs: 8,
  /** Does not read what is sent to it, then breaks. */
  slow: 3,
  /** Is there and says nothing any more: the other side must find out by itself. */
  'half-open': 1,
} as const

export type ChurnKind = keyof typeof CHURN_KINDS

/** Of a server that is no node: it echoes, or not. */
export const PLAIN_KINDS: readonly ChurnKind[] = ['clean', 'terminate', 'abort', 'invalid', 'slow']

export interface Visit {
  readonly n: number
  readonly protocol: 'wsmesh' | 'plain'
  readonly url: string
  /** Another node's, or the same where there is one. */
  readonly otherUrl: string
  readonly timeoutMs: number
  readonly detailsBytes: number
  token(user: string, groups: readonly string[], session?: string): Promise<string>
  /** Resolves when it is delivered. */
  publish(user: string): Promise<void>
  /** The same, by POST /publish. */
  post(user: string): Promise<void>
  /** A connection was begun there. */
  opened(url: string): void
  /** Ends with the visit, should that fail. */
  holds(client: ChurnSocket): void
  /** Connections that are left as they are until the server ends them. */
  leave(client: ChurnSocket): void
}

export function pay(visit: Visit, kind: ChurnKind): Promise<void> {
  return visit.protocol === 'plain' ? payPlain(visit, kind) : PAY[kind](visit)
}

const PAY: Readonly<Record<ChurnKind, (visit: Visit) => Promise<void>>> = {
  async clean(visit) {
    const {client} = await enter(visit, userOf(visit))
    await visit.publish(userOf(visit))
    // A name that nobody asked for before: what remembers names must show.
    client.send(JSON.stringify({action: `soak/unknown-${visit.n}`, details: [visit.n]}))
    await client.next(visit.timeoutMs)
    await client.close(visit.timeoutMs)
  },
  async post(visit) {
    const {client} = await enter(visit, userOf(visit))
    await visit.post(userOf(visit))
    await client.close(visit.timeoutMs)
  },
  async terminate(visit) {
    const {client} = await enter(visit, userOf(visit))
    await visit.publish(userOf(visit))
    client.destroy(visit.n % 2 === 0)
  },
  async abort(visit) {
    visit.opened(visit.url)
    const client = ChurnSocket.dial(optionsOf(visit, visit.url))
    const upgrade = upgradeOf(optionsOf(visit, visit.url))
    // Nothing at all, half of the request, all of it without waiting for the answer.
    client.sendRaw(upgrade.slice(0, (upgrade.length * (visit.n % 3)) / 2))
    await turn()
    client.destroy(visit.n % 2 === 0)
  },
  async refused(visit) {
    const client = await open(visit)
    client.send(authentication({token: `no.token.${visit.n}`}))
    await client.ended(visit.timeoutMs)
  },
  async invalid(visit) {
    const {client} = await enter(visit, userOf(visit))
    if (visit.n % 2 === 0) client.send('{"action":')
    else client.sendRaw(Buffer.from([0xf3, 0x85, 1, 2, 3, 4, 5]))
    await client.ended(visit.timeoutMs)
  },
  async resume(visit) {
    const user = userOf(visit)
    const {client, position} = await enter(visit, user)
    client.destroy(false)
    await visit.publish(user)
    const url = visit.otherUrl
    const back = await enter({...visit, url}, user, position)
    await back.client.close(visit.timeoutMs)
  },
  async regroup(visit) {
    const {client} = await enter(visit, userOf(visit))
    const groups = [`g${visit.n % 97}b`, `again-${visit.n}`]
    const token = await visit.token(userOf(visit), groups, `s${visit.n}b`)
    client.send(authentication({token}))
    await authenticated(client, visit)
    await visit.publish(userOf(visit))
    await client.close(visit.timeoutMs)
  },
  async tabs(visit) {
    const first = await enter(visit, userOf(visit))
    const second = await enter({...visit, url: visit.otherUrl}, userOf(visit))
    await visit.publish(userOf(visit))
    first.client.destroy(true)
    await second.client.close(visit.timeoutMs)
  },
  async slow(visit) {
    const {client} = await enter(visit, userOf(visit))
    client.stopReading()
    for (let n = 0; n < 4; n += 1) await visit.publish(userOf(visit))
    client.destroy(true)
  },
  async 'half-open'(visit) {
    const {client} = await enter(visit, userOf(visit))
    client.isSilent = true
    visit.leave(client)
  },
}

async function payPlain(visit: Visit, kind: ChurnKind): Promise<void> {
  if (kind === 'abort') return PAY.abort(visit)
  const client = await open(visit)
  client.send(`soak ${visit.n} ${'x'.repeat(visit.detailsBytes)}`)
  if (kind === 'slow') client.stopReading()
  if (kind === 'invalid') {
    client.sendRaw(Buffer.from([0xf3, 0x85, 1, 2, 3, 4, 5]))
    return client.ended(visit.timeoutMs)
  }
  if (kind === 'clean') return client.close(visit.timeoutMs)
  await turn()
  return client.destroy(visit.n % 2 === 0)
}

async function open(visit: Visit): Promise<ChurnSocket> {
  visit.opened(visit.url)
  const client = await ChurnSocket.open(optionsOf(visit, visit.url))
  visit.holds(client)
  return client
}

interface Entered {
  readonly client: ChurnSocket
  readonly position: string | undefined
}

async function enter(visit: Visit, user: string, resume?: string): Promise<Entered> {
  const client = await open(visit)
  // Groups of many, and one that nobody was in before.
  const groups = [`g${visit.n % 97}`, `visit-${visit.n}`, 'soak']
  const token = await visit.token(user, groups, visit.n % 2 === 0 ? `s${visit.n}` : undefined)
  client.send(authentication({token, ...(resume !== undefined && {resume})}))
  return {client, position: await authenticated(client, visit)}
}

/** Its position. Messages may come before the answer: they are passed over. */
async function authenticated(client: ChurnSocket, {timeoutMs}: Visit): Promise<string | undefined> {
  for (;;) {
    const json = parseJson(await client.next(timeoutMs))
    if (!json.ok || !isRecord(json.value)) continue
    const {action, details} = json.value
    if (action === AUTHENTICATION + ERROR_SUFFIX) throw new Error(`refused: ${describe(details)}`)
    if (action !== AUTHENTICATION) continue
    const about: unknown = Array.isArray(details) ? details[1] : undefined
    const position = isRecord(about) ? about['position'] : undefined
    return typeof position === 'string' ? position : undefined
  }
}

function describe(details: unknown): string {
  return JSON.stringify(details).slice(0, 80)
}

function authentication(proof: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({action: AUTHENTICATION, details: [proof]})
}

function optionsOf({timeoutMs, protocol}: Visit, url: string) {
  return {url, timeoutMs, subprotocol: protocol === 'plain' ? undefined : SUBPROTOCOL.client}
}

function userOf({n}: Visit): string {
  return `soak-${n}`
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
