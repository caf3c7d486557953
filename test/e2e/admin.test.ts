import type {IncomingMessage} from 'node:http'
import {request} from 'node:https'
import {createServer} from 'node:net'
import type {AddressInfo} from 'node:net'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {putCertificate} from '../helpers/certificates.js'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-admin-test-'))
})

afterAll(() => rm(folder, {recursive: true, force: true}))

test('settings that cannot be meant are refused, with what to try', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const {port} = taken.address() as AddressInfo
  const wrong: readonly (readonly [args: readonly string[], exit: number, says: RegExp])[] = [
    [['--listen', 'nowhere'], 2, /no address and port.*--listen 127\.0\.0\.1:8890/s],
    [['--listen', '0.0.0.0:0'], 2, /read the link's token.*ssh -L.*--listen-insecure/s],
    [['--listen', '0.0.0.0:0', '--listen-cert', 'x.pem'], 2, /belong together/],
    [['--listen', '0', '--listen-cert', 'x', '--listen-key', 'y'], 1, /\[FILE_UNREADABLE\]/],
    [['--listen', '0', '--public-url', 'admin'], 2, /no address of a web site/],
    [['--listen', `127.0.0.1:${port}`], 1, /\[ADDRESS_IN_USE\]/],
    [['--listen', '0', 'start'], 2, /"start" is no flag of wsmesh serve/],
    [['--listen', '0', '--pool', 'ftp://x'], 2, /\[POOL_URL_INVALID\]/],
  ]
  try {
    await Promise.all(wrong.map(async ([args, exit, says]) => {
      const result = await runCli(['admin', ...args], {env: {WSMESH_DATA_DIR: folder}})
      expect([args, result.exit, result.stdout]).toEqual([args, exit, ''])
      expect(result.stderr).toMatch(says)
      expect(result.stderr).not.toMatch(/^\s+at /m)
    }))
  } finally {
    taken.close()
  }
})

test('with a certificate of its own it is https, and its cookie is for that alone', async () => {
  await putCertificate(folder, 'node')
  const files = ['--listen-cert', join(folder, 'cert.pem'), '--listen-key', join(folder, 'key.pem')]
  await using admin = startCli(['admin', '--listen', '0', '--json', ...files],
    {env: {WSMESH_DATA_DIR: folder}})
  const line = await eventually(() => admin.stdout().includes('\n') && admin.stdout(),
    {what: 'the admin to be ready', timeoutMs: 20_000})
  const {url, viewerUrl} = JSON.parse(line) as {url: string; viewerUrl: string}
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {origin: url, 'content-type': 'application/json'}
    request(`${url}/session`, {method: 'POST', headers, rejectUnauthorized: false}, resolve)
      .once('error', reject)
      .end(JSON.stringify({token: new URL(viewerUrl).hash.replace('#token=', '')}))
  })
  expect([url.slice(0, 8), answer.statusCode]).toEqual(['https://', 200])
  expect(String(answer.headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Secure$/)
  answer.destroy()
})

test('it runs before there is a mesh, prints its links once, and ends at SIGTERM', async () => {
  await using admin = startCli(['admin', '--listen', '0', '--read-only', '--json'],
    {env: {WSMESH_DATA_DIR: folder}})
  const line = await eventually(() => admin.stdout().includes('\n') && admin.stdout(),
    {what: 'the admin to be ready', timeoutMs: 20_000})
  const ready = JSON.parse(line) as {url: string; operatorUrl: null; viewerUrl: string}
  expect(ready).toMatchObject({type: 'ready', operatorUrl: null})
  expect(ready.viewerUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/)
  expect(await (await fetch(ready.url)).text()).toContain('<title>wsmesh admin</title>')
  admin.child.kill('SIGTERM')
  expect(await admin.exit).toBe(0)
  expect(admin.stderr()).toBe('')
})
