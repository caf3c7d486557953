/** How a node proves itself to a real server, and how that shows itself: keys, JWTs, TLS. */
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {connectFailure} from '../../../src/lib/nats/failures.js'
import {connectNats, type NatsClient, type NatsSettings} from '../../../src/lib/nats/nats-client.js'
import {ensureStream} from '../../../src/lib/nats/stream.js'
import {caFile, certificateFiles} from '../../helpers/certificates.js'
import {natsRelayOf, startNats, type TestNats} from '../../helpers/nats.js'
import {makeSignedAccounts, makeUserKey} from '../../helpers/nats-keys.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-nats-proof-'))
})

afterAll(async () => {
  await rm(folder, {recursive: true, force: true})
})

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text, {mode: 0o600})
  return path
}

/** Lets in, and can make the stream: returned by whoever tries. */
async function comesIn(nats: TestNats, changes: Partial<NatsSettings>): Promise<string> {
  const {nats: settings, stream} = nats.relay()
  let client: NatsClient | undefined
  try {
    client = await connectNats({...settings, ...changes}, () => {})
    await ensureStream(client, stream)
    return 'in'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    await client?.close()
  }
}

describe('a server that wants TLS, certificates of its clients, and a key', () => {
  const known = makeUserKey()
  let nats: TestNats
  let tls: NonNullable<NatsSettings['tls']>
  let nkeyFile: string

  beforeAll(async () => {
    const {cert, key} = await certificateFiles(folder)
    const ca = caFile()
    nats = await startNats({config: `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca}",
      verify: true }
      authorization { users: [{nkey: ${known.publicKey}}] }`})
    tls = {ca, cert, key}
    nkeyFile = await file('known.nk', known.seed)
  })

  afterAll(() => nats[Symbol.asyncDispose]())

  test('with all of it a node is in', async () => {
    expect(await comesIn(nats, {tls, nkeyFile})).toBe('in')
  })

  test.each<[string, () => Promise<Partial<NatsSettings>> | Partial<NatsSettings>, string]>([
    ["another's key", async () => ({tls, nkeyFile: await file('x.nk', makeUserKey().seed)}),
      'RELAY_DENIED'],
    ['no key', () => ({tls}), 'RELAY_DENIED'],
    ['a file that is no key', async () => ({tls, nkeyFile: await file('n.nk', 'SUnonsense\n')}),
      'CONFIG_INVALID'],
    ['a file that is not there', () => ({tls, nkeyFile: join(folder, 'none')}), 'FILE_UNREADABLE'],
    ['a server signed by nobody that is believed', () => ({
      tls: {...tls, ca: caFile('other-ca')}, nkeyFile}), 'TLS_INVALID'],
    ['a certificate that is not there', () => ({
      tls: {...tls, cert: join(folder, 'none.pem')}, nkeyFile}), 'FILE_UNREADABLE'],
  ])('with %s it is not, and is told why', async (_name, changes, code) => {
    expect(await comesIn(nats, await changes())).toBe(code)
  })
})

describe('a server that lets in whom its operator signed', () => {
  const {config, creds, foreignCreds} = makeSignedAccounts()
  let nats: TestNats

  beforeAll(async () => {
    nats = await startNats({config})
  })

  afterAll(() => nats[Symbol.asyncDispose]())

  test('a user of the account is in', async () => {
    expect(await comesIn(nats, {credsFile: await file('good.creds', creds)})).toBe('in')
  })

  test('a user of another account, nobody, and a file of something else are not', async () => {
    const foreign = await file('foreign.creds', foreignCreds)
    expect(await comesIn(nats, {credsFile: foreign})).toBe('RELAY_DENIED')
    expect(await comesIn(nats, {})).toBe('RELAY_DENIED')
    const nothing = await file('nothing.creds', 'hello\n')
    expect(await comesIn(nats, {credsFile: nothing})).toBe('CONFIG_INVALID')
  })
})

test('who shows no certificate is told that the server may want one', () => {
  const error = Object.assign(new Error('timeout'), {name: 'TimeoutError'})
  const where = {servers: ['a:4222'], credsFile: undefined, nkeyFile: undefined}
  const tls = {ca: 'ca.pem', cert: undefined, key: undefined}
  const {code, suggestions} = connectFailure(error, {...where, tls})
  expect(code).toBe('RELAY_UNREACHABLE')
  expect(suggestions.join()).toContain('--relay-tls-cert')
  expect(connectFailure(error, {...where, tls: undefined}).suggestions.join()).not.toContain('tls')
})

test('an older server is refused by its version', async () => {
  const client = {version: '2.8.4', server: 'old:4222'} as NatsClient
  const {stream} = natsRelayOf(['old:4222'])
  await expect(ensureStream(client, stream)).rejects.toMatchObject({
    code: 'RELAY_UNUSABLE', message: expect.stringContaining('2.8.4: 2.9.0 is needed') as string,
  })
})
