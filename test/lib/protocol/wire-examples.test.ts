import {readFileSync} from 'node:fs'
import {describe, expect, it} from 'vitest'
import {proofOf, type Transcript} from '../../../src/lib/auth/challenge.js'
import {deriveKey, type KeyPurpose} from '../../../src/lib/auth/keys.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {
  encodeArrayError,
  encodeArrayReply,
  formOfFirst,
} from '../../../src/lib/protocol/array-form.js'
import {AUTHENTICATION, decodeClientFrame, encodeReply} from '../../../src/lib/protocol/client-frame.js'
import {CLOSE, shouldReconnect} from '../../../src/lib/protocol/close-code.js'
import {decodeHandshakeFrame} from '../../../src/lib/protocol/handshake-frame.js'
import {isRecord} from '../../../src/lib/protocol/json-text.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {encodeNodeFrame, NODE_FRAME_TYPES} from '../../../src/lib/protocol/node-codec.js'
import {
  decodeOperatorReply,
  decodeOperatorRequest,
  encodeOperatorReply,
} from '../../../src/lib/protocol/operator-codec.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {targetFromJson} from '../../../src/lib/protocol/target.js'
import {traceContextFrom} from '../../../src/lib/protocol/trace-context.js'
import {SUBPROTOCOL} from '../../../src/lib/protocol/version.js'
import {GOLDEN_FRAMES} from './golden-frames.js'
import {clientFrameBytes} from '../../helpers/client-frame-bytes.js'

/** docs/PROTOCOL.md, read as other people's implementers read it: what it shows must be true. */
const page = readFileSync(new URL('../../../docs/PROTOCOL.md', import.meta.url), 'utf8')

interface Block {
  readonly kind: string
  readonly name: string
  readonly lines: readonly string[]
}

const blocks: readonly Block[] = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(
  ([, kind = '', name = '', text = '']) => ({kind, name, lines: text.trimEnd().split('\n')}),
)

function blocksOf(kind: string): readonly Block[] {
  return blocks.filter((block) => block.kind === kind)
}

/** Lines of `who: frame` in all blocks of a kind. */
function said(kind: string, who: string): readonly string[] {
  const start = `${who}: `
  return blocksOf(kind)
    .flatMap(({lines}) => lines)
    .filter((line) => line.startsWith(start))
    .map((line) => line.slice(start.length))
}

/** Rows of the table whose head begins so, as lists of cells. */
function table(head: string): readonly (readonly string[])[] {
  const [, after = ''] = page.split(`\n${head}`)
  const [rows = ''] = after.split('\n\n')
  return rows
    .split('\n')
    .slice(2)
    .map((row) => row.slice(2, -2).split(' | ').map((cell) => cell.replaceAll('`', '')))
}

/** Refusals of the array form. */
const arrayAnswers = table('| answer | when | then |').map(([text = '']) => text)

const secret = new MeshSecret('an example secret of a mesh', 'docs/PROTOCOL.md')

describe('docs/PROTOCOL.md', () => {
  it('has examples of known kinds only, none of them empty', () => {
    const kinds = new Set(blocks.map(({kind}) => kind))
    expect([...kinds].toSorted()).toEqual([
      'array',
      'bytes',
      'client',
      'handshake',
      'key',
      'operator',
      'target',
    ])
    expect(blocks.length * 2).toBe(page.match(/^```/gm)?.length)
  })

  it('shows each node frame once', () => {
    expect(blocksOf('bytes').map(({name}) => name).toSorted()).toEqual(
      [...NODE_FRAME_TYPES].toSorted(),
    )
  })

  it.each(NODE_FRAME_TYPES)('shows the bytes of %s as the codec writes them', (type) => {
    const lines = blocksOf('bytes').find(({name}) => name === type)?.lines ?? []
    const hex = lines.map((line) => /^((?:[0-9a-f]{2} {1,2})+) +\S/.exec(line)?.[1] ?? 'no bytes')
    const bytes = Buffer.from(encodeNodeFrame(GOLDEN_FRAMES[type])).toString('hex')
    expect(hex.join('').replaceAll(' ', '')).toBe(bytes)
  })

  it('numbers the node frames as the codec does', () => {
    const rows = table('| byte | frame |')
    expect(rows.map(([byte, frame]) => [byte, frame])).toEqual(
      NODE_FRAME_TYPES.map((type, index) => [index.toString(16).padStart(2, '0'), type]),
    )
  })

  it.each(said('client', 'client'))('shows a frame that a client may send: %s', (text) => {
    expect(decodeClientFrame(text)).toMatchObject({ok: true})
  })

  it.each(said('client', 'node'))('shows a frame as nodes send it: %s', (text) => {
    const frame: unknown = JSON.parse(text)
    if (!isRecord(frame)) throw new Error('a frame is an object')
    const {action, details, id, position, re} = frame
    const form = {id: String(id), position: String(position), trace: traceContextFrom(frame)}
    const sent =
      id === undefined
        ? encodeReply(String(action), details, typeof re === 'string' ? re : undefined)
        : Buffer.from(clientFrameBytes(encodePayload(String(action), details), form)).toString()
    expect(sent).toBe(text)
  })

  it.each(said('array', 'client'))('shows an array that a client may send: %s', (text) => {
    expect(decodeClientFrame(text, {form: 'array'})).toMatchObject({ok: true})
    expect(formOfFirst(Buffer.from(text))).toBe('array')
  })

  it.each([...said('array', 'node'), ...arrayAnswers])('shows an array as nodes send it: %s', (text) => {
    const [action, details, ...rest] = JSON.parse(text) as [string, unknown]
    expect(encodeArrayReply(action, details)).toBe(text)
    expect(rest).toEqual([])
  })

  it.each(arrayAnswers)('shows the answer to a proof as it is sent: %s', (text) => {
    const [, [code]] = JSON.parse(text) as [string, [number]]
    expect(encodeArrayError(AUTHENTICATION, code)).toBe(text)
  })

  it.each(said('operator', 'operator'))('answers an operator as shown: %s', (text) => {
    const read = decodeOperatorRequest(text)
    const answer = read.ok ? undefined : read.answer && encodeOperatorReply(read.answer)
    if (!read.ok) expect(said('operator', 'node')).toContain(answer)
  })

  it.each(said('operator', 'node'))('shows an answer that operators understand: %s', (text) => {
    expect(decodeOperatorReply(text)).toMatchObject({ok: true})
    expect(JSON.stringify(JSON.parse(text))).toBe(text)
  })

  it.each(blocksOf('target').flatMap(({lines}) => lines))('shows a target: %s', (text) => {
    expect(targetFromJson(JSON.parse(text))).toMatchObject({ok: true})
  })

  it.each(blocksOf('key').map(({name, lines}) => [name, lines[0]]))(
    'shows the key for a %s',
    (purpose, hex) => {
      expect(Buffer.from(deriveKey(secret, purpose as KeyPurpose)).toString('hex')).toBe(hex)
    },
  )

  it('shows a handshake whose proofs hold', () => {
    const transcript: Transcript = {
      role: 'node',
      version: 1,
      versions: [1],
      dialer: 'a',
      acceptor: 'b',
      dialerNonce: Buffer.alloc(32, 1).toString('base64url'),
      acceptorNonce: Buffer.alloc(32, 2).toString('base64url'),
    }
    const key = deriveKey(secret, 'link')
    const [challenge, proved, denied] = said('handshake', 'acceptor').map(decodeHandshakeFrame)
    const [proof] = said('handshake', 'dialler').map(decodeHandshakeFrame)
    expect(challenge).toMatchObject({ok: true, value: {nonce: transcript.acceptorNonce}})
    expect(proof).toMatchObject({
      ok: true,
      value: {nonce: transcript.dialerNonce, mac: proofOf(key, 'dialer', transcript)},
    })
    expect(proved).toMatchObject({ok: true, value: {mac: proofOf(key, 'acceptor', transcript)}})
    expect(denied).toMatchObject({ok: true, value: {reason: 'wrong-secret'}})
  })

  it('has every close code, and says rightly whether to connect again', () => {
    expect(table('| code | reason |').map((row) => row.slice(0, 3))).toEqual(
      Object.values(CLOSE).map(({code, reason}) => [
        String(code),
        reason,
        shouldReconnect(code) ? 'yes' : 'no',
      ]),
    )
  })

  it('has every limit with its value', () => {
    expect(table('| name | value |').map((row) => row.slice(0, 2))).toEqual(
      Object.entries(LIMITS).map(([name, value]) => [name, String(value)]),
    )
  })

  it('names every subprotocol', () => {
    for (const name of Object.values(SUBPROTOCOL)) expect(page).toContain(`\`${name}\``)
  })
})
