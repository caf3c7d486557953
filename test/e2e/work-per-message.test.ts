/**
 * What a message and a connection cost, in counts that a slow machine does not change: writes to
 * sockets, objects, bytes allocated. `npm run bench` has the times.
 */
import {readFile} from 'node:fs/promises'
import {connect, type Socket} from 'node:net'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'
import {connectTestClient, type TestClient} from '../helpers/test-client.js'

const CLIENTS = 100
const BURST = 16
const BURSTS = 10
const MESSAGE_BURSTS = 100

/** A tenth above what they were when they were written here: lower them with what comes to less. */
const OBJECTS_MAX = 77
const BYTES_PER_MESSAGE_MAX = 10_500
const WRITES_PER_DELIVERY_MAX = 1 / 8

const HELPERS = join(import.meta.dirname, '..', 'helpers')
const ACTIONS = join(import.meta.dirname, '..', '..', 'bench', 'peers', 'wsmesh-actions.mjs')
const TEXT = 'x'.repeat(128)

let mesh: ServeMesh
let node: ServeProcess
const clients: TestClient[] = []

beforeAll(async () => {
  mesh = await ServeMesh.open()
  node = await mesh.startFrom(join(HELPERS, 'watched-node.mjs'), '--actions', ACTIONS,
    '--max-actions-per-second', '0', '--max-user-actions-per-second', '0')
})

afterAll(async () => {
  for (const {ws} of clients) ws.terminate()
  await mesh[Symbol.asyncDispose]()
})

async function enter(count: number): Promise<void> {
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const from = clients.length
  const one = async (user: string): Promise<void> => {
    const client = await connectTestClient(node.ready.clientUrl, ['wsmesh.v1'])
    const token = await signToken({user, groups: ['g'], ttlMs: 600_000}, secret)
    client.send({action: 'Client/authentication', details: [{token}]})
    await client.next()
    clients.push(client)
    client.texts.length = 0
  }
  await Promise.all(Array.from({length: count}, (_, at) => one(`u${from + at}`)))
}

/** What the node says of its heap. */
async function heap(word: 'objects' | 'begin' | 'end'): Promise<Record<string, number>> {
  const socket = connect(join(mesh.folder, 'heap-watch'))
  socket.write(word)
  return JSON.parse(await text(socket)) as Record<string, number>
}

/** The first client publishes: its frames of one call reach the node together. */
function burst(count: number, frame: unknown): void {
  const [publisher] = clients
  if (publisher === undefined) throw new Error('nobody is there')
  const {_socket: socket} = publisher.ws as unknown as {readonly _socket: Socket}
  socket.cork()
  for (let sent = 0; sent < count; sent += 1) publisher.send(frame)
  socket.uncork()
}

async function arrived(count: number): Promise<void> {
  await eventually(() => clients.every(({texts}) => texts.length >= count), {
    what: `${count} frames at everybody`,
  })
  for (const {texts} of clients) texts.length = 0
}

async function writes(): Promise<number> {
  const io = await readFile(`/proc/${node.ready.pid}/io`, 'utf8')
  return Number(/syscw: (\d+)/.exec(io)?.[1])
}

test('an idle connection that has proved itself is few objects', async () => {
  await enter(20)
  const {objects: before = 0} = await heap('objects')
  await enter(CLIENTS)
  const {objects: after = 0} = await heap('objects')
  expect((after - before) / CLIENTS).toBeGreaterThan(10)
  expect((after - before) / CLIENTS).toBeLessThan(OBJECTS_MAX)
}, 30_000)

test('messages of one burst go to a client in one write', async () => {
  const before = await writes()
  for (let sent = 0; sent < BURSTS; sent += 1) {
    burst(BURST, {action: 'all', details: [TEXT]})
    await arrived(BURST)
  }
  const written = (await writes()) - before
  const deliveries = clients.length * BURST * BURSTS
  expect(written).toBeGreaterThanOrEqual(clients.length * BURSTS)
  expect(written / deliveries).toBeLessThan(WRITES_PER_DELIVERY_MAX)
}, 30_000)

test('a message to one user allocates little', async () => {
  const publish = async (bursts: number): Promise<void> => {
    for (let sent = 0; sent < bursts; sent += 1) {
      burst(BURST, {action: 'user', details: [TEXT, 'u0']})
      await eventually(() => clients.some(({texts}) => texts.length === BURST), {what: 'a burst'})
      for (const {texts} of clients) texts.length = 0
    }
  }
  await publish(MESSAGE_BURSTS)
  await heap('begin')
  await publish(MESSAGE_BURSTS)
  const {bytes = 0} = await heap('end')
  expect(bytes / BURST / MESSAGE_BURSTS).toBeGreaterThan(500)
  expect(bytes / BURST / MESSAGE_BURSTS).toBeLessThan(BYTES_PER_MESSAGE_MAX)
}, 30_000)
