/** The commands, as people run them, on a mesh whose relay is NATS; and what is set up wrongly. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import type {RunReport} from '../../src/lib/siege/run-report.js'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {startNats, type TestNats} from '../helpers/nats.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'
import {connectTestClient, nextMessage} from '../helpers/test-client.js'

interface Answer {
  readonly details: readonly [string, {readonly position: string; readonly recovered: boolean}]
}

const PASSWORD = 'p4ssw0rd'

let nats: TestNats
let mesh: ServeMesh
/** With the password, as a node needs it. */
let url: string

beforeAll(async () => {
  const config = `authorization { users: [
    {user: mesh, password: "${PASSWORD}"}, {user: poor, password: "${PASSWORD}", permissions: {
      publish: ["nothing"], subscribe: ["_INBOX.>"]}}] }`
  nats = await startNats({config})
  url = nats.url.replace('nats://', `nats://mesh:${PASSWORD}@`)
  mesh = await ServeMesh.open(undefined, {WSMESH_RELAY: url, WSMESH_RELAY_MESH: 'wsmesh'})
  await Promise.all([mesh.start(), mesh.start()])
}, 60_000)

afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

test('pool list, tail, send and who, without a master', async () => {
  const {env} = mesh
  const [a, b] = mesh.nodes
  if (!a || !b) throw new Error('two nodes')
  const list = await runCli(['pool', 'list'], {env})
  expect(list.stdout).toContain('2 nodes, all up; 0 clients; in 0/s; out 0/s; relay NATS, no master')
  expect(list.stdout).not.toContain('warning')
  const check = await runCli(['check', '--expect', '2'], {env})
  expect(check).toMatchObject({exit: 0, stdout: expect.stringContaining('WSMESH OK - 2 nodes')})
  await using tail = startCli(['tail', '--json'], {env})
  await eventually(() => tail.stderr().includes('tailing from'), {timeoutMs: 20_000})
  const tab = await mesh.connect(b, '42')
  const sent = await runCli(['send', 'hello', '"x"', '--user', '42', '--json'], {env})
  expect(JSON.parse(sent.stdout)).toMatchObject({
    connections: 1, byNode: {[b.ready.node]: 1},
  })
  const text = await eventually(() => tab.texts[0], {timeoutMs: 10_000})
  expect(JSON.parse(text)).toEqual({action: 'hello', details: ['"x"']})
  // Also of what no client of the tailed node needs.
  await eventually(() => tail.stdout().includes('"hello"'), {timeoutMs: 10_000})
  const who = await runCli(['who', '--json'], {env})
  expect(JSON.parse(who.stdout)).toMatchObject({users: [{user: '42'}]})
})

describe('a node does not start, and says why, without the password', () => {
  test.each([
    ['a wrong password', () => url.replace(PASSWORD, `${PASSWORD}x`), 4, 'RELAY_DENIED'],
    ['a user without rights', () => url.replace('mesh:', 'poor:'), 4, 'RELAY_DENIED'],
    ['nobody there', () => `nats://mesh:${PASSWORD}@127.0.0.1:1`, 3, 'RELAY_UNREACHABLE'],
  ])('%s', async (_name, relay, exit, code) => {
    const env = {...mesh.env, WSMESH_RELAY: relay()}
    const run = await runCli(['serve', '--port', '0'], {env})
    expect(run).toMatchObject({exit})
    expect(run.stderr).toContain(`[${code}]`)
    expect(run.stderr).not.toContain(PASSWORD)
  })

  test('a stream with other settings, and replicas that cannot be', async () => {
    const other = await runCli(['serve', '--port', '0', '--relay-slots', '64'], {env: mesh.env})
    expect(other.stderr).toContain('has other settings')
    const env = {...mesh.env, WSMESH_RELAY_MESH: 'many'}
    const many = await runCli(['relay', 'init', '--relay-replicas', '3'], {env})
    expect(many.stderr).toContain('[RELAY_UNUSABLE]')
  })
})

test('JetStream that is not enabled is named', async () => {
  await using plain = await startNats({hasJetStream: false})
  const env = {...mesh.env, WSMESH_RELAY: plain.url}
  const run = await runCli(['relay', 'init'], {env})
  expect(run).toMatchObject({exit: 1})
  expect(run.stderr).toContain('JetStream is not enabled')
})

test('a siege finds nothing lost or repeated, at both nodes', async () => {
  const {exit, stdout, stderr} = await mesh.run('siege', '-c', '20', '-r', '100', '-t', '1s',
    '--target', 'mix', '--drain', '3s', '--json')
  const {counts, latency} = JSON.parse(stdout) as RunReport
  expect(counts, stderr).toMatchObject({
    sent: 100, accepted: 100, lost: 0, duplicated: 0, reordered: 0, misdelivered: 0,
  })
  expect(counts.delivered).toBe(counts.expected)
  expect(latency.relayed?.count).toBeGreaterThan(0)
  // How fast it was is judged by the machine.
  expect([0, 98]).toContain(exit)
})

// The last: it leaves one node.
test('a client of a killed node comes back to the other, and gets what he missed', async () => {
  const [a, b] = mesh.nodes
  if (!a || !b) throw new Error('two nodes')
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const token = await signToken({user: '7', groups: [], ttlMs: 600_000}, secret)
  const come = async ({ready}: ServeProcess, resume?: string) => {
    const client = await connectTestClient(ready.clientUrl, ['wsmesh.v1'])
    client.send({action: 'Client/authentication', details: [{token, resume}]})
    const {details} = (await client.next()) as Answer
    return {client, ...details[1]}
  }
  const {client, position} = await come(b)
  await mesh.kill(b)
  await client.closed
  const sent = await mesh.run('send', 'missed', '--user', '7', '--node', a.ready.nodeUrl)
  // 5: for its first seconds the dead one is still waited for, and named.
  expect([0, 5], sent.stderr).toContain(sent.exit)
  const back = await come(a, position)
  expect(back.recovered).toBe(true)
  expect(await nextMessage(back.client)).toMatchObject({action: 'missed'})
  await back.client.close()
})
