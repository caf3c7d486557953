/**
 * Tests of real nodes, unchanged, on a mesh whose relay is NATS: a server of its own, and a stream
 * for each mesh. Needs a build. docs/RELAY.md has which of them pass, and why others do not.
 *
 *   node test/on-nats.mjs                           # client, API, send, tail, who, publisher, siege
 *   node test/on-nats.mjs test/e2e/explain.test.ts  # or any
 */
import {spawn, spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import process from 'node:process'

const FILES = [
  'api', 'client-library', 'send-stream', 'who', 'cli-mesh', 'message-id', 'publisher', 'webhooks',
  'stray-actions', 'siege', 'soak', 'doctor', 'secret-rotation', 'security-identity', 'node-app',
].map((name) => `test/e2e/${name}.test.ts`)

const files = process.argv.length > 2 ? process.argv.slice(2) : FILES
const folder = mkdtempSync(join(tmpdir(), 'wsmesh-on-nats-'))
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const {port} = probe.address()
    probe.close(() => resolve(port))
  })
})
const env = {...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter)}
const args = ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port)]
const nats = spawn('nats-server', args, {env, stdio: ['ignore', 'ignore', 'pipe']})
await new Promise((resolve, reject) => {
  nats.on('error', reject)
  nats.stderr.on('data', (text) => String(text).includes('Server is ready') && resolve())
})
try {
  const {status} = spawnSync('npx', ['vitest', 'run', ...files], {
    env: {...env, WSMESH_TEST_RELAY: `nats://127.0.0.1:${port}`}, stdio: 'inherit',
  })
  process.exitCode = status ?? 1
} finally {
  nats.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
}
