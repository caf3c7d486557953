/**
 * Tests of real nodes, unchanged, on a mesh whose relay is NATS: a server of its own, and a stream
 * for each mesh. Needs a build. What fails there and may is in on-nats-differs.json, each with its
 * row of the table in docs/RELAY.md; exit status 1 when another test fails, or one of those passes.
 *
 *   node test/on-nats.mjs                           # all that run nodes or commands
 *   node test/on-nats.mjs test/e2e/explain.test.ts  # or any
 */
import {spawn, spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {basename, delimiter, join} from 'node:path'
import process from 'node:process'

const FILES = [
  'admin', 'api', 'auth-flags', 'capture', 'check', 'cli-basics', 'cli-failover', 'cli-mesh',
  'cli-store-down', 'cli-strays', 'client-library', 'demo', 'doctor', 'explain', 'front-end-2015',
  'log-file', 'mesh', 'message-id', 'node-acts', 'node-app', 'outbox', 'php-sessions', 'publisher',
  'reconnect', 'report', 'resume', 'secret-rotation', 'security-identity', 'send-stream', 'serve',
  'siege', 'siege-soak', 'soak', 'strangers', 'stray-actions', 'supervise', 'terminal', 'tls',
  'upgrade', 'webhooks', 'who', 'work-per-message',
].map((name) => `test/e2e/${name}.test.ts`)

const differs = JSON.parse(readFileSync(join(import.meta.dirname, 'on-nats-differs.json'), 'utf8'))
const files = process.argv.length > 2 ? process.argv.slice(2) : FILES
const folder = mkdtempSync(join(tmpdir(), 'wsmesh-on-nats-'))
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const {port} = probe.address()
    probe.close(() => resolve(port))
  })
})
const env = {...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter)}
// Each mesh has a stream, which keeps room for itself: together more than the disk has free.
const conf = join(folder, 'nats.conf')
writeFileSync(conf, `jetstream {store_dir: "${join(folder, 'streams')}", max_file_store: 100TB}\n`)
const args = ['-c', conf, '-a', '127.0.0.1', '-p', String(port)]
const nats = spawn('nats-server', args, {env, stdio: ['ignore', 'ignore', 'pipe']})
await new Promise((resolve, reject) => {
  nats.on('error', reject)
  nats.stderr.on('data', (text) => String(text).includes('Server is ready') && resolve())
})
try {
  const outputFile = join(folder, 'results.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${outputFile}`]
  spawnSync('npx', ['vitest', 'run', ...reporters, ...files], {
    env: {...env, WSMESH_TEST_RELAY: `nats://127.0.0.1:${port}`}, stdio: 'inherit',
  })
  process.exitCode = judge(JSON.parse(readFileSync(outputFile, 'utf8')).testResults)
} finally {
  nats.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
}

/** Compares what failed with what may. */
function judge(results) {
  const lines = []
  let passed = 0
  let asTold = 0
  for (const {name, status, assertionResults, message} of results) {
    const file = basename(name, '.test.ts')
    if (status === 'failed' && assertionResults.length === 0) lines.push(`${file}: ${message}`)
    for (const {fullName, status} of assertionResults) {
      const row = differs[file]?.[fullName]
      if (status === 'passed') passed += 1
      if (status === 'failed' && row !== undefined) asTold += 1
      if (status === 'failed' && row === undefined) lines.push(`fails: ${file}: ${fullName}`)
      if (status === 'passed' && row !== undefined) lines.push(`passes now: ${file}: ${fullName}`)
    }
  }
  console.log(`\n${passed} passed, ${asTold} differ as docs/RELAY.md says`)
  for (const line of lines) console.log(line)
  return lines.length === 0 ? 0 : 1
}
