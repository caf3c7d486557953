/** `wsmesh serve` and commands with certificates, as files that change. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {connect} from 'node:tls'
import {readFileSync} from 'node:fs'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {caFile, certificateFiles, putCertificate} from '../helpers/certificates.js'
import {eventually} from '../helpers/eventually.js'
import {runCli, startCli} from '../helpers/cli.js'

let folder: string
let env: Record<string, string>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-e2e-tls-'))
  const {cert, key, ca} = await certificateFiles(folder)
  env = {
    WSMESH_DATA_DIR: join(folder, 'data'),
    WSMESH_TLS_CERT: cert ?? '', WSMESH_TLS_KEY: key ?? '', WSMESH_TLS_CA: ca ?? '',
  }
})

afterEach(async () => {
  await rm(folder, {recursive: true})
})

function subjectAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(caFile())
    const socket = connect({host: '127.0.0.1', port: Number(new URL(url).port), ca}, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test('serve speaks wss, commands reach it, and a new certificate is taken when its file changes', async () => {
  await using node = startCli(['serve', '--port', '0', '--json', '--node-listen', '0', '--tls-mutual'], {env})
  await eventually(() => node.stdout().includes('\n'), {what: `a node; it said ${node.stderr()}`, timeoutMs: 20_000})
  const {clientUrl, nodeUrl} = JSON.parse(node.stdout()) as {clientUrl: string; nodeUrl: string}
  expect([clientUrl, nodeUrl].every((url) => url.startsWith('wss://127.0.0.1:'))).toBe(true)
  const list = await runCli(['pool', 'list', '--expect', '1'], {env})
  expect(list.exit, list.stderr).toBe(0)
  // Without a certificate of one's own nobody gets in where they are asked for.
  const bare = {...env, WSMESH_TLS_CERT: '', WSMESH_TLS_KEY: ''}
  expect((await runCli(['pool', 'list', '--expect', '1'], {env: bare})).exit).toBe(3)
  const distrusting = await runCli(['tail', '--timeout', '2s', '--node', nodeUrl], {
    env: {...env, WSMESH_TLS_CA: caFile('other-ca')},
  })
  expect([distrusting.exit, distrusting.stderr]).toEqual([
    3, expect.stringContaining('CN=node of a test, signed by CN=wsmesh test CA'),
  ])
  await putCertificate(folder, 'expired')
  await node.says('The certificate could not be read again')
  await node.says('CN=old node')
  expect(await subjectAt(clientUrl)).toBe('node of a test')
  await putCertificate(folder, 'renewed')
  node.child.kill('SIGHUP')
  await eventually(async () => (await subjectAt(clientUrl)) === 'renewed node', {
    what: 'the renewed certificate to be shown', timeoutMs: 10_000,
  })
  expect(node.stderr()).not.toContain('PRIVATE KEY')
}, 180_000)

test.each([
  [{WSMESH_TLS_KEY: ''}, ['WSMESH_TLS_CERT without --tls-key'], 2],
  [{WSMESH_TLS_CERT: '/nowhere/cert.pem'}, ['Cannot read the certificate from /nowhere/cert.pem'], 1],
  [{WSMESH_TLS_MUTUAL: 'true'}, ['WSMESH_TLS_MUTUAL needs a listener', '--node-listen'], 2],
  [{WSMESH_NODE_LISTEN: 'nonsense'}, ['WSMESH_NODE_LISTEN: "nonsense"'], 2],
])('serve with %j says what is wrong', async (change, words, status) => {
  const {exit, stderr} = await runCli(['serve', '--port', '0'], {env: {...env, ...change}})
  expect([exit, ...words.filter((text) => !stderr.includes(text))], stderr).toEqual([status])
})

test('serve with an expired certificate says which and until when it was valid', async () => {
  await putCertificate(folder, 'expired')
  const {exit, stderr} = await runCli(['serve', '--port', '0'], {env})
  expect(stderr).toMatch(/cert\.pem has expired: CN=old node, .*valid .* 2021 GMT/)
  expect(exit).toBe(1)
})
