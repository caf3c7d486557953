/** The client library as real nodes serve it, and as a program has it. */
import {spawn} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {runInNewContext} from 'node:vm'
import {gzipSync} from 'node:zlib'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {signToken} from '../../src/lib/auth/token.js'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {eventually, within} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'

const ROOT = join(import.meta.dirname, '..', '..')
const GZIP_BYTES_MAX = 5000

let mesh: ServeMesh
let base = ''

beforeAll(async () => {
  mesh = await ServeMesh.open()
  const {ready} = await mesh.start('--origin', 'https://shop.example')
  base = ready.httpUrl
}, 60_000)
afterAll(() => mesh[Symbol.asyncDispose]())

const get = (headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  fetch(`${base}/wsmesh.js`, {headers: {'accept-encoding': 'identity', ...headers}, method})

const ask = (origin?: string): Promise<Response> =>
  fetch(`${base}/position`, {headers: origin === undefined ? {} : {origin}})

describe('/wsmesh.js', () => {
  it('is the whole library, small, in one file that any page may load', async () => {
    const answer = await get()
    const text = await answer.text()
    expect(text).toBe(await readFile(join(ROOT, 'dist', 'wsmesh.js'), 'utf8'))
    expect(gzipSync(text, {level: 9}).length).toBeLessThanOrEqual(GZIP_BYTES_MAX)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=600, stale-while-revalidate=86400',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
      vary: 'accept-encoding',
    })
    expect(text).not.toMatch(/\beval\(|new Function|\bimport\(|sourceMappingURL/)
    // As a page's script: nothing but its one name is left behind.
    const page: {wsmesh?: object} = {}
    runInNewContext(text, page)
    expect(Object.keys(page)).toEqual(['wsmesh'])
    expect(Object.keys(page.wsmesh ?? {}).toSorted()).toEqual(['MeshError', 'connect'])
  })

  it('is not sent again to who has it', async () => {
    const etag = (await get()).headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{16}"$/)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get({'if-none-match': known})
      expect([again.status, await again.text()]).toEqual([304, ''])
      expect(again.headers.get('etag')).toBe(etag)
    }
    expect((await get({'if-none-match': '"other"'})).status).toBe(200)
  })

  it('is compressed for who takes that, with a tag of its own', async () => {
    const zipped = await get({'accept-encoding': 'br, gzip'})
    expect(zipped.headers.get('content-encoding')).toBe('gzip')
    expect(zipped.headers.get('etag')).toMatch(/-gzip"$/)
    expect(Number(zipped.headers.get('content-length'))).toBeLessThanOrEqual(GZIP_BYTES_MAX)
    expect(await zipped.text()).toBe(await (await get()).text())
    for (const refusing of ['gzip;q=0', 'gzip; q=0.0, br', 'br']) {
      expect((await get({'accept-encoding': refusing})).headers.get('content-encoding')).toBeNull()
    }
  })

  it('HEAD has the same headers; nothing else is answered', async () => {
    const [full, head] = [await get(), await get({}, 'HEAD')]
    expect(head.headers.get('content-length')).toBe(full.headers.get('content-length'))
    expect(await head.text()).toBe('')
    const post = await get({}, 'POST')
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('/position', () => {
  it('is where the node stands now, for nobody to keep', async () => {
    const answer = await ask()
    expect(await answer.json()).toEqual({position: expect.stringMatching(/^\w+\.\d+\.\d+$/)})
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('is for the pages that may connect', async () => {
    const allowed = await ask('https://shop.example')
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull()
    for (const answer of [allowed, await ask()]) expect(answer.headers.get('vary')).toBe('origin')
    for (const origin of ['https://evil.example', 'null']) {
      const refused = await ask(origin)
      expect(refused.status).toBe(403)
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it.each([
    ['that of ws', []], ['the one of newer Nodes', ['--experimental-websocket']],
  ])('is what a program connects from, with %s: nothing falls between', async (_name, flags) => {
    const {position} = (await (await ask()).json()) as {position: string}
    await mesh.run('send', 'n', 'Hi', '--user', '42')
    const said = await runProgram(position, flags)
    expect(said).toEqual({got: ['Hi'], recovered: [true], states: ['connecting', 'open', 'closed']})
  })
})

const PROGRAM = `
import {WebSocket} from 'ws'
import {connect} from 'wsmesh/client'
const [url, token, position] = process.argv.slice(1)
const mesh = connect(url, {token, position, ...(globalThis.WebSocket ? {} : {WebSocket})})
const [got, recovered, states] = [[], [], []]
mesh.onState(({type}) => states.push(type))
mesh.onRecovered((isRecovered) => recovered.push(isRecovered))
mesh.on('n', (text) => {
  got.push(text)
  mesh.close()
  console.log(JSON.stringify({got, recovered, states}))
})
`

/** It ends by itself: after close nothing is left that would hold it. */
async function runProgram(position: string, flags: readonly string[]): Promise<unknown> {
  const url = mesh.nodes[0]?.ready.clientUrl ?? ''
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const token = await signToken({user: '42', ttlMs: 60_000}, secret)
  const isOlder = !('WebSocket' in globalThis)
  const args = [...(isOlder ? flags : []), '--input-type=module', '-e', PROGRAM]
  const child = spawn(process.execPath, [...args, url, token, position], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await eventually(() => out.includes('\n'), {what: 'a message', timeoutMs: 20_000})
  expect(await within(ended, 'the end of a program that closed its mesh')).toBe(0)
  return JSON.parse(out)
}
