/**
 * Leaks in the node's own code: nodes whose built files were changed in one place each, beside one
 * that was not, in one mesh, under `wsmesh siege --soak`. Each must be found, and named.
 *
 *   npm run build && node bench/soak-mutants.mjs [CONNECTIONS] [CYCLES] [NAME…]
 */
import {spawn} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {startNodeProcess} from '../dist/lib/process/node-process.js'

const ROOT = join(import.meta.dirname, '..')
const REGISTRY = 'lib/node/client-registry.js'
const INDEX = 'lib/node/connection-index.js'
const CONNECTION = 'lib/node/client-connection.js'
const VISITS = 'lib/node/visits.js'
/** In all of them: few visits fill what a node remembers of those that ended. */
const LONG = 'ENDED_VISITS_MAX = 4096'
const SHORT = 'ENDED_VISITS_MAX = 64'
const DISPATCHER = 'lib/node/action-dispatcher.js'
const SINCE = 'this.nextPingMs = options.nowMs + options.limits.pingMs;'
const REMOVED = 'if (!this.#all.delete(connection))'
const JOINED = 'for (const group of identity.groups)\n            this.#byGroup.add(group, connection);'
const REPLAYED = 'const replay = this.#read(identity, resume, wantsTrace);'
const POSTED = 'export async function publishOne(call) {'
const FAILED = "if (frame.action.startsWith('Client/'))"

/** File, the text in it, what stands there instead, and what a finding must match. */
const MUTANTS = {
  none: [VISITS, SHORT, SHORT, undefined],
  'users-delete': [INDEX, 'this.#byKey.delete(key)', 'void key', /^users$/],
  'connections-by-user': [REGISTRY, 'this.#byUser.delete(identity.user, connection)', 'void 0', /^users$|ClientConnection/],
  objects: [CONNECTION, SINCE, `${SINCE} (globalThis.kept ??= []).push({forgotten: 1});`, /forgotten|items of arrays/],
  strings: [CONNECTION, SINCE, `${SINCE} (globalThis.kept ??= new Set()).add(this.id);`, /members of Sets/],
  'unref-timers': [CONNECTION, SINCE, `${SINCE} setInterval(() => this.id, 3600000).unref();`, /Timeout/],
  listeners: [CONNECTION, SINCE, `${SINCE} process.setMaxListeners(0).on('SIGWINCH', () => this.id);`, /listeners of process SIGWINCH/],
  buffers: [CONNECTION, SINCE, `${SINCE} (globalThis.kept ??= []).push(Buffer.alloc(4096));`, /external memory/],
  shared: [CONNECTION, SINCE, `${SINCE} (globalThis.kept ??= []).push(new SharedArrayBuffer(4096));`, /SharedArrayBuffer|external memory/],
  text: [CONNECTION, SINCE, `${SINCE} globalThis.kept = (globalThis.kept ?? '') + this.id.repeat(20);`, /heap/],
  'abnormal-close': [REGISTRY, REMOVED, `if (code === 1006) (globalThis.kept ??= []).push({abnormal: 1}); ${REMOVED}`, /abnormal/],
  'error-answers': [DISPATCHER, FAILED, `(globalThis.kept ??= []).push({failed: 1}); ${FAILED}`, /failed/],
  reconnects: ['lib/node/resuming.js', REPLAYED, `(globalThis.kept ??= []).push({resumed: 1}); ${REPLAYED}`, /resumed/],
  'group-members': [REGISTRY, 'this.#byGroup.delete(group, connection);', 'void 0;', /^groups$|ClientConnection/],
  'group-names': [REGISTRY, JOINED, `for (const group of identity.groups) (globalThis.kept ??= new Set()).add(group); ${JOINED}`, /members of Sets/],
  'http-publishes': ['lib/node/api/publishing.js', POSTED, `${POSTED} (globalThis.kept ??= []).push({posted: 1});`, /posted/],
  'action-names': [DISPATCHER, FAILED, `(globalThis.kept ??= new Set()).add(frame.action); ${FAILED}`, /members of Sets/],
  clock: [REGISTRY, 'this.visits = new Visits(now);', 'this.visits = new Visits(now); setInterval(() => (globalThis.kept ??= []).push({tick: 1}), 100).unref();', /tick/],
}

const [connections = '150', cycles = '16', ...names] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'wsmesh-mutants-'))
const env = {...process.env, WSMESH_DATA_DIR: join(folder, 'data')}
const keep = new URL('../dist/lib/process/keep-with-parent.js', import.meta.url).href

/** A whole wsmesh that is wrong in one place; its entry. */
function mutate(name, [file, from, to]) {
  const copy = join(folder, name)
  mkdirSync(copy)
  for (const part of ['bin', 'dist', 'package.json', 'oclif.manifest.json']) {
    cpSync(join(ROOT, part), join(copy, part), {recursive: true})
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  for (const [where, what, instead] of [[VISITS, LONG, SHORT], [file, from, to]]) {
    const path = join(copy, 'dist', where)
    const text = readFileSync(path, 'utf8')
    if (text.split(what).length !== 2) throw new Error(`${name}: ${what} is not there once`)
    writeFileSync(path, text.replace(what, () => instead))
  }
  return join(copy, 'bin', 'run.js')
}

async function soak() {
  const args = ['siege', '--soak', '-c', connections, '--cycles', cycles, '--json',
    '--detection-limit', '1000000', '--connect-rate', '2000', '--warm-up', '500', '--timeout', '60s',
    '--kinds', 'clean,post,terminate,resume,regroup,tabs,abort,refused,invalid,slow']
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'run.js'), ...args], {
    env, stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  for await (const text of child.stdout.setEncoding('utf8')) out += text
  return JSON.parse(out)
}

const all = Object.entries(MUTANTS).filter(([name]) => names.length === 0 || names.includes(name))
const nodes = []
let wrong = 0
try {
  for (const [name, change] of all) {
    const bin = mutate(name, change)
    const child = startNodeProcess({
      command: process.execPath, env, onLog: (line) => console.error(`${name}: ${line}`),
      args: ['--import', keep, bin, 'serve', '--port', '0', '--json', '--history-seconds', '1'],
    })
    nodes.push({name, child, id: (await child.ready).node, expected: change[3]})
  }
  const {leak, exit, verdict} = await soak()
  for (const {name, id, expected} of nodes) {
    const {verdict: found, findings, summary} = leak.nodes.find(({node}) => node === id)
    const leaks = findings.filter((one) => one.verdict === 'leak').map((one) => one.name)
    const isRight = expected === undefined ? !leaks.length : leaks.some((one) => expected.test(one))
    if (!isRight) wrong += 1
    console.log(isRight ? 'right' : 'WRONG', name.padEnd(20), found.padEnd(13), summary)
    console.log('     ', leaks.join(', '))
  }
  console.log(`${verdict}, exit ${exit}: ${wrong} of ${nodes.length} wrong`)
} finally {
  for (const {child} of nodes) child.signal('SIGTERM')
  await Promise.all(nodes.map(({child}) => child.ended))
  rmSync(folder, {recursive: true, force: true})
}
process.exitCode = wrong === 0 ? 0 : 1
