/** What the demo's page can ask for, beside its files: a token, and the end of a node. */
import type {IncomingMessage} from 'node:http'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {idFromJson} from '../protocol/target.js'
import {unreachable} from '../util/assert.js'
import type {PageFiles} from './page-files.js'

const BODY_BYTES_MAX = 4096
const GROUPS_MAX = 20

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Buffer
}

/** What became of a node that was to be killed. */
export type Killing =
  | {readonly type: 'killed'; readonly name: string; readonly pid: number}
  /** No process of the demo is this node, or is it any more. */
  | {readonly type: 'unknown'}
  /** Messages might be lost with it now: why. */
  | {readonly type: 'refused'; readonly why: string}

export interface AnswerOptions {
  readonly files: PageFiles
  /** What GET /demo.json answers. */
  readonly describe: () => Promise<unknown>
  readonly signToken: (user: string, groups: readonly string[]) => Promise<string>
  readonly kill: (id: string) => Promise<Killing>
  /** The browser's library, as a node serves it; undefined when none answers. */
  readonly library: () => Promise<Buffer | undefined>
  /** Requests wait for this; one that rejects ends them. */
  readonly whenReady: Promise<void>
}

export async function answerTo(
  request: IncomingMessage,
  path: string,
  options: AnswerOptions,
): Promise<Answer> {
  if (path === '/token' || path === '/kill') {
    if (request.method !== 'POST') return text(405, 'POST it')
    return path === '/token' ? giveToken(request, options) : killNode(request, options)
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'GET it')
  await options.whenReady
  if (path === '/demo.json') return json(200, await options.describe())
  if (path === '/wsmesh.js') return giveLibrary(options)
  const file = options.files.get(path)
  return file === undefined ? text(404, 'Not found') : {status: 200, ...file}
}

async function giveToken(request: IncomingMessage, options: AnswerOptions): Promise<Answer> {
  const read = await readFields(request, '{"user": "42"}')
  if (!read.ok) return read.refusal
  const user = idFromJson(read.fields['user'])
  const groups = groupsFrom(read.fields['groups'])
  if (user === undefined) return text(400, 'The user is no id: {"user": "42"}')
  if (groups === undefined) return text(400, `Groups are a list of at most ${GROUPS_MAX} ids`)
  await options.whenReady
  return json(200, {token: await options.signToken(user, groups)})
}

/**
 * Whoever asks must be this very page. Browsers add an Origin to every POST, which no page can
 * forge, and let no page of another origin send JSON without asking first. A program of this
 * machine can say what it likes, but it could end the process itself.
 */
async function killNode(request: IncomingMessage, options: AnswerOptions): Promise<Answer> {
  const {origin, host} = request.headers
  if (origin !== `http://${host}`) return text(403, 'Only for the page of the demo itself')
  const read = await readFields(request, '{"node": "n-0f283aae"}')
  if (!read.ok) return read.refusal
  const {node} = read.fields
  if (typeof node !== 'string') return text(400, 'Which node? {"node": "n-0f283aae"}')
  await options.whenReady
  const killing = await options.kill(node)
  switch (killing.type) {
    case 'killed':
      return json(200, {killed: {node, name: killing.name, pid: killing.pid}})
    case 'unknown':
      return text(404, 'No process of this demo is that node')
    case 'refused':
      return text(409, killing.why)
    default:
      return unreachable(killing)
  }
}

async function giveLibrary({library}: AnswerOptions): Promise<Answer> {
  const body = await library()
  if (body === undefined) return text(503, 'No node answers')
  return {status: 200, type: 'text/javascript; charset=utf-8', body}
}

type Fields =
  | {readonly ok: true; readonly fields: Readonly<Record<string, unknown>>}
  | {readonly ok: false; readonly refusal: Answer}

async function readFields(request: IncomingMessage, example: string): Promise<Fields> {
  // A form of another page cannot send this type without asking first.
  if (request.headers['content-type']?.split(';', 1)[0] !== 'application/json') {
    return {ok: false, refusal: text(415, 'Send application/json')}
  }
  const body = await readBody(request)
  if (body === undefined) return {ok: false, refusal: text(413, `At most ${BODY_BYTES_MAX} bytes`)}
  const read = parseJson(body)
  if (!read.ok || !isRecord(read.value)) return {ok: false, refusal: text(400, `Send ${example}`)}
  return {ok: true, fields: read.value}
}

function groupsFrom(value: unknown): readonly string[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > GROUPS_MAX) return undefined
  const groups = value.map((group) => idFromJson(group)).filter((group) => group !== undefined)
  return groups.length === value.length ? groups : undefined
}

/** Undefined when it is longer than it may be. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function json(status: number, value: unknown): Answer {
  return {status, type: 'application/json', body: `${JSON.stringify(value)}\n`}
}

export function text(status: number, message: string): Answer {
  return {status, type: 'text/plain; charset=utf-8', body: `${message}\n`}
}
