/** JetStream's side of the relay: one stream, asked over its JSON requests. */
import {isRecord} from '../protocol/json-text.js'
import {WsmeshError} from '../util/errors.js'
import type {NatsClient} from './nats-client.js'

/** What every node of a mesh has to say alike. */
export interface StreamSettings {
  /** The first part of all subjects; the stream's name is made of it. */
  readonly mesh: string
  /** Users, groups and sessions are hashed into so many subjects of each kind. */
  readonly slots: number
  readonly replicas: number
  readonly historyMs: number
  readonly maxBytes: number
}

/** What was found, of an incarnation of the stream. */
export interface StreamState {
  /** When it was made, as its maker wrote it down, or else as the server says: RFC 3339. */
  readonly created: string
  /** Whose copy it is that orders; empty where there is one server. */
  readonly leader: string
  readonly firstSeq: number
  readonly lastSeq: number
}

export interface StoredMessage {
  readonly subject: string
  readonly seq: number
  readonly data: Uint8Array
}

/** Of 2.9: Debian 12. `republish` came with 2.8.3. */
const VERSION_MIN = [2, 9, 0] as const

const CALL_MS = 2000
const NOT_FOUND = 10_059
const NO_MESSAGE = 10_037
const IN_USE = 10_058
/** No leader, of JetStream or of the stream; or too few servers have found each other yet. */
const NOT_YET: readonly number[] = [10_005, 10_008, 10_009]

export function streamName({mesh}: Pick<StreamSettings, 'mesh'>): string {
  return mesh.toUpperCase().replaceAll('-', '_')
}

/** Where messages are published; `<prefix>.<key>`. */
export function storedPrefix({mesh, slots}: StreamSettings): string {
  return `${mesh}.m.${slots}`
}

/** Where the stream passes on what it has stored. */
export function livePrefix({mesh, slots}: StreamSettings): string {
  return `${mesh}.l.${slots}`
}

const DESCRIPTION = 'Messages of wsmesh'
const MADE = /, made (\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z)$/

/**
 * As `nats stream add --config` and the server itself read it. `made`: when. Servers may each say
 * another time, of their own copy (seen of 2.9.10 after kills); their configuration is one.
 */
export function streamConfig(
  settings: StreamSettings, made?: string,
): Readonly<Record<string, unknown>> {
  const ageNs = settings.historyMs * 1e6
  return {
    name: streamName(settings),
    description: made === undefined ? DESCRIPTION : `${DESCRIPTION}, made ${made}`,
    subjects: [`${storedPrefix(settings)}.>`],
    retention: 'limits',
    discard: 'old',
    storage: 'file',
    num_replicas: settings.replicas,
    max_age: ageNs,
    max_bytes: settings.maxBytes,
    duplicate_window: ageNs,
    republish: {src: `${storedPrefix(settings)}.>`, dest: `${livePrefix(settings)}.>`},
  }
}

export class JetStream {
  readonly #client: NatsClient
  readonly #settings: StreamSettings
  readonly #name: string

  constructor(client: NatsClient, settings: StreamSettings) {
    this.#client = client
    this.#settings = settings
    this.#name = streamName(settings)
  }

  /** Made again where somebody has removed it. Rejects as a request does, or as ensureStream. */
  async state(): Promise<StreamState> {
    const answer = await this.#call(`STREAM.INFO.${this.#name}`, undefined)
    if (errorOf(answer)?.code !== NOT_FOUND) return stateOf(checked(answer))
    await ensureStream(this.#client, this.#settings)
    return stateOf(await this.#ask(`STREAM.INFO.${this.#name}`, undefined))
  }

  /** The message of this number; undefined when it is not there any more. */
  at(seq: number): Promise<StoredMessage | undefined> {
    return this.#get({seq})
  }

  /** The first of a subject from this number on. From the leader's copy, which misses none. */
  next(subject: string, seq: number): Promise<StoredMessage | undefined> {
    return this.#get({seq, next_by_subj: subject})
  }

  /** The newest of a subject. */
  last(subject: string): Promise<StoredMessage | undefined> {
    return this.#get({last_by_subj: subject})
  }

  /** Resolves once it is stored; of the same id it is stored once. */
  async store(subject: string, data: Uint8Array, id: string): Promise<void> {
    const headers = [['Nats-Msg-Id', id]] as const
    const answer = readPublishAnswer(await this.#client.request(subject, data, CALL_MS, headers))
    if ('why' in answer) throw unusable(`The stream refuses a message: ${answer.why}`)
  }

  async #get(query: unknown): Promise<StoredMessage | undefined> {
    const answer = await this.#call(`STREAM.MSG.GET.${this.#name}`, query)
    if (errorOf(answer)?.code === NO_MESSAGE) return undefined
    const message = checked(answer)['message']
    if (!isRecord(message)) throw unusable('NATS answers with something else than a message')
    const {subject, seq, data} = message
    const text = typeof data === 'string' ? data : ''
    return {subject: String(subject), seq: Number(seq), data: Buffer.from(text, 'base64')}
  }

  async #ask(what: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
    return checked(await this.#call(what, body))
  }

  async #call(what: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
    return call(this.#client, what, body)
  }
}

/** What came of looking for the stream: `differs` is harmless, in words. */
export type StreamFound =
  | {readonly type: 'found'; readonly differs: readonly string[]}
  /** It may be had soon: servers that have just started need some seconds to find a leader. */
  | {readonly type: 'not-yet'; readonly failure: WsmeshError}

/** As findStream; what is not to be had yet rejects too, with RELAY_UNREACHABLE. */
export async function ensureStream(
  client: NatsClient, settings: StreamSettings,
): Promise<readonly string[]> {
  const found = await findStream(client, settings)
  if (found.type === 'found') return found.differs
  throw found.failure
}

/**
 * The stream is there as it has to be, made if there is none. Rejects with RELAY_UNUSABLE: version,
 * JetStream disabled, other settings; RELAY_DENIED: the account may not.
 */
export async function findStream(
  client: NatsClient, settings: StreamSettings,
): Promise<StreamFound> {
  checkVersion(client)
  const name = streamName(settings)
  const asked = await ask(client, `STREAM.INFO.${name}`, undefined)
  if ('failure' in asked) return asked
  const {answer} = asked
  const missing = errorOf(answer)
  if (missing === undefined) return foundAs(answer, settings)
  if (missing.code !== NOT_FOUND) {
    throw unusable(`NATS does not show the stream ${name}: ${missing.text}`)
  }
  const made = await ask(client, `STREAM.CREATE.${name}`, streamConfig(settings, madeNow()))
  if ('failure' in made) return made
  const error = errorOf(made.answer)
  if (error === undefined) return {type: 'found', differs: []}
  // Somebody was faster.
  if (error.code === IN_USE) return foundAs(await call(client, `STREAM.INFO.${name}`), settings)
  throw unusable(`NATS does not make the stream ${name}: ${error.text}`, [
    '--relay-replicas 1   (more than there are servers cannot be)',
    'wsmesh relay init --print   (for who may make streams)',
  ])
}

/** Now, and digits of its own: what is made anew is another one, whoever makes it. */
function madeNow(): string {
  const digits = String(Math.floor(Math.random() * 1e6)).padStart(6, '0')
  return new Date().toISOString().replace('Z', `${digits}Z`)
}

function foundAs(
  answer: Readonly<Record<string, unknown>>, settings: StreamSettings,
): StreamFound {
  const {config} = checked(answer)
  return {type: 'found', differs: compare(isRecord(config) ? config : {}, settings)}
}

/** Tells as well whether JetStream is there at all. */
async function ask(
  client: NatsClient, what: string, body: unknown,
): Promise<
  {readonly answer: Readonly<Record<string, unknown>>} | Extract<StreamFound, {type: 'not-yet'}>
> {
  let answer: Readonly<Record<string, unknown>>
  try {
    answer = await call(client, what, body)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (!client.hasJetStream || /no responders/i.test(text)) {
      throw unusable(`JetStream is not enabled at ${client.server}, or not for this account`, [
        'nats-server -js', 'jetstream { store_dir: "/var/lib/nats" } in its configuration',
      ])
    }
    if (/permission/i.test(text)) {
      throw new WsmeshError('RELAY_DENIED', `NATS at ${client.server}: ${text}`, {
        cause: error, suggestions: ['wsmesh relay init --print   (names the subjects)'],
      })
    }
    return notYet(client, text, error)
  }
  const {code, text} = errorOf(answer) ?? {code: 0, text: ''}
  return NOT_YET.includes(code) ? notYet(client, text, undefined) : {answer}
}

function notYet(
  {server}: NatsClient, why: string, cause: unknown,
): Extract<StreamFound, {type: 'not-yet'}> {
  const failure = new WsmeshError('RELAY_UNREACHABLE', `JetStream at ${server}: ${why}`, {
    cause,
    suggestions: [
      'nats stream report   (a stream without a leader?)',
      'nats server report jetstream   (fewer servers than --relay-replicas?)',
    ],
  })
  return {type: 'not-yet', failure}
}

function checkVersion({version, server}: NatsClient): void {
  const parts = version.split(/[.-]/).map(Number)
  for (const [index, least] of VERSION_MIN.entries()) {
    const part = parts[index] ?? 0
    if (part > least) return
    if (part < least) {
      throw unusable(`NATS at ${server} is version ${version}: ${VERSION_MIN.join('.')} is needed`)
    }
  }
}

/** What keeps nodes apart rejects; what only differs is returned, in words. */
function compare(
  found: Readonly<Record<string, unknown>>, settings: StreamSettings,
): readonly string[] {
  const wanted = streamConfig(settings)
  const name = streamName(settings)
  const isSame = (field: string): boolean => canonical(found[field]) === canonical(wanted[field])
  // Of those that differ together the first says enough.
  const apart = ['subjects', 'republish', 'storage', 'retention', 'discard']
    .filter((field) => !isSame(field)).slice(0, 1)
  if (apart.length > 0) {
    const [told] = apart.map(
      (field) => `${field} is ${canonical(found[field])}, not ${canonical(wanted[field])}`,
    )
    throw unusable(`The stream ${name} has other settings: ${told}`, [
      '--relay-slots and --relay-mesh as the other nodes have them',
      `nats stream rm ${name}   (ends what clients can still get, then nodes make it anew)`,
    ])
  }
  return ['num_replicas', 'max_age', 'max_bytes', 'duplicate_window']
    .filter((field) => !isSame(field))
    .map((field) => `${field} is ${canonical(found[field])}, not ${canonical(wanted[field])}`)
}

function canonical(value: unknown): string {
  if (!isRecord(value)) return JSON.stringify(value) ?? 'not there'
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(entries.filter(([, item]) => item !== false)))
}

async function call(
  client: NatsClient, what: string, body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const data = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
  const answer = await client.request(`$JS.API.${what}`, data, CALL_MS)
  const value: unknown = JSON.parse(new TextDecoder().decode(answer))
  if (!isRecord(value)) throw unusable('JetStream answers with something that is no object')
  return value
}

/** What the stream says to a message that was published to it. */
export function readPublishAnswer(
  data: Uint8Array,
): {readonly seq: number; readonly isRepeat: boolean} | {readonly why: string} {
  let answer: unknown
  try {
    answer = JSON.parse(new TextDecoder().decode(data))
  } catch {
    return {why: 'an answer that is no JSON'}
  }
  if (!isRecord(answer)) return {why: 'an answer that is no object'}
  const {seq, duplicate} = answer
  if (typeof seq === 'number' && seq > 0) return {seq, isRepeat: duplicate === true}
  return {why: errorOf(answer)?.text ?? 'no reason'}
}

export interface ApiError {
  readonly code: number
  readonly text: string
}

export function errorOf(answer: Readonly<Record<string, unknown>>): ApiError | undefined {
  const error = answer['error']
  if (!isRecord(error)) return undefined
  const {err_code: code, description} = error
  return {
    code: typeof code === 'number' ? code : 0,
    text: typeof description === 'string' ? description : 'an error',
  }
}

function checked(answer: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const error = errorOf(answer)
  if (error === undefined) return answer
  throw unusable(`JetStream: ${error.text}`)
}

function stateOf(answer: Readonly<Record<string, unknown>>): StreamState {
  const {state, cluster, created, config} = answer
  if (!isRecord(state) || typeof created !== 'string') {
    throw unusable('JetStream describes a stream in a form that is not known')
  }
  const leader = isRecord(cluster) ? cluster['leader'] : ''
  const description = isRecord(config) ? config['description'] : undefined
  const [, made] = (typeof description === 'string' && MADE.exec(description)) || []
  return {
    created: made ?? created,
    leader: typeof leader === 'string' ? leader : '',
    firstSeq: Number(state['first_seq'] ?? 0),
    lastSeq: Number(state['last_seq'] ?? 0),
  }
}

function unusable(message: string, suggestions: readonly string[] = []): WsmeshError {
  return new WsmeshError('RELAY_UNUSABLE', message, {suggestions})
}
