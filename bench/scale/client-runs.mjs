/** What clients cost a node: a delivery to one or to all, to be let in, to be there and idle. */
import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {signToken} from '../../dist/lib/auth/token.js'
import {BenchMesh} from '../mesh.mjs'
import {clientsAt, openAll} from './clients.mjs'
import {cpuUs, during, operatorAt, residentBytes, underLoad, whole} from './lab.mjs'

const TEXT = 'x'.repeat(128)
const USERS = 500
const IDLE = 6000
const ARRIVALS = 1500
const SETTLE_S = 20
/** Few: what many leave behind would hide what the next ones take. */
const WARM = 300
const users = (count) => Array.from({length: count}, (_, n) => `u${n}`)
const message = (target) => ({action: 'm', details: [TEXT], target})

/** Several messages at once, so that they share a write. */
function burst(operator, size, messageOf) {
  return {publish: (_, timeoutMs) => Promise.all(Array.from({length: size}, (__, n) =>
    operator.publish(messageOf(n), timeoutMs)))}
}

export async function deliveryRuns(seconds, keep) {
  const mesh = new BenchMesh('scale')
  let clients
  try {
    const nodes = [await mesh.start()]
    await whole(nodes)
    clients = await clientsAt(nodes[0], mesh.secret, users(USERS))
    const operator = await operatorAt(nodes[0], mesh.secret)
    const run = async (to, perS, messageOf, publisher = operator) => {
      const loads = perS === 0 ? [] : [{operator: publisher, perS, messageOf}]
      keep({kind: 'delivery', to, clients: USERS, ...await underLoad({nodes, loads, seconds})})
    }
    const one = (n) => message({user: `u${n % USERS}`})
    const nobody = (n) => message({user: `nobody${n % USERS}`})
    // Code is compiled while it is first used.
    await underLoad({nodes, loads: [{operator, perS: 3000, messageOf: one}], seconds: 1, warmS: 4})
    await run('none', 0)
    for (const perS of [3000, 300]) {
      await run('one', perS, one)
      await run('nobody', perS, nobody)
    }
    const all = () => message({everyone: true})
    for (const perS of [60, 15]) await run('all', perS, all)
    await run('all of 16', 10, all, burst(operator, 16, all))
    operator.close()
  } finally {
    clients?.end()
    mesh.end()
  }
}

function certificate(folder) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
    '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], {stdio: 'ignore'})
  return {key, cert, ca: readFileSync(cert)}
}

/** Arrivals, then the same idle, then memory; encrypted and not. */
export async function connectionRuns(_, keep) {
  for (const isTls of [false, true]) {
    const mesh = new BenchMesh('scale')
    let clients
    try {
      const {key, cert, ca} = certificate(mesh.folder)
      const tls = isTls ? ['--tls-cert', cert, '--tls-key', key] : []
      const node = await mesh.start(...tls, '--ping-interval', '2s',
        '--max-connects-per-second', '0')
      const {pid} = node.ready
      const {secret} = mesh
      const url = node.ready.clientUrl.replace('127.0.0.1', 'localhost')
      const options = {url: isTls ? url : node.ready.clientUrl, ca, isAnswering: true}
      const come = async (count, more = {}) => {
        const tokens = await Promise.all(users(count).map((user) =>
          signToken({user, groups: ['g'], ttlMs: 3_600_000}, secret)))
        const before = cpuUs(pid)
        const came = await openAll(tokens.map((token) => ({...options, token, ...more})))
        return {came, us: (cpuUs(pid) - before) / count}
      }
      const warm = await come(WARM)
      const session = warm.came.open.at(-1)?.session()
      warm.came.end()
      await sleep(SETTLE_S * 1000)
      const [alone] = await during([pid], 5)
      const before = residentBytes(pid)
      const first = await come(IDLE)
      clients = first.came
      keep({kind: 'arrival', isTls, isResumed: false, us: first.us})
      await sleep(SETTLE_S * 1000)
      const bytes = (residentBytes(pid) - before) / IDLE
      const [idle] = await during([pid], 10)
      keep({kind: 'idle', isTls, bytes, nodeBytes: before, pingsPerS: IDLE / 2, us: idle - alone})
      clients.end()
      if (!isTls) continue
      await sleep(2000)
      const again = await come(ARRIVALS, {session})
      keep({kind: 'arrival', isTls, isResumed: true, us: again.us})
      again.came.end()
    } finally {
      clients?.end()
      mesh.end()
    }
  }
}
