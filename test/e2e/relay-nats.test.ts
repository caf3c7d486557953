/** The commands, as people run them, on a mesh whose relay is NATS; and what is set up wrongly. */
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {startNats, type TestNats} from '../helpers/nats.js'
import {ServeMesh} from '../helpers/serve-process.js'

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
