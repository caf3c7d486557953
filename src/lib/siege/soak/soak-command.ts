/** What `wsmesh siege --soak` does, from its flags to its report. */
import {formatDuration} from '../../util/duration.js'
import {WsmeshError} from '../../util/errors.js'
import type {AttackTarget} from '../attack/job.js'
import {preflight} from '../preflight.js'
import type {LeakFinding, RunConfig, RunReport} from '../run-report.js'
import type {SiegeSettings} from '../settings.js'
import {openBattlefield} from '../targets/battlefield.js'
import type {Battlefield, BattlefieldOptions} from '../targets/battlefield.js'
import {CHURN_KINDS} from './churn-kinds.js'
import type {ChurnKind} from './churn-kinds.js'
import {commonHolder} from './common-holder.js'
import {killMaster, STEP_DOWN} from './failover.js'
import type {Failover, FailoverKind} from './failover.js'
import type {JudgedServer} from './soak-report.js'
import {runSoak} from './run-soak.js'
import type {SoakProgress, SoakRun} from './run-soak.js'
import {judgeServers, soakReport} from './soak-report.js'
import {NodeTarget, PageTarget} from './soak-target.js'
import type {NodeDoors, SoakTarget} from './soak-target.js'

export interface SoakFlagValues {
  readonly soak?: boolean
  readonly cycles?: number | undefined
  readonly hours?: string | undefined
  readonly 'warm-up'?: number | undefined
  readonly kinds?: string | undefined
  readonly failover?: FailoverKind | undefined
  readonly 'sample-url'?: string | undefined
  readonly 'detection-limit'?: number | undefined
  readonly connections?: number | undefined
  readonly 'details-bytes'?: number | undefined
}

export interface SoakContext extends Omit<BattlefieldOptions, 'settings'> {
  readonly version: string
  /** A line for people, on stderr. */
  readonly notice: (text: string) => void
  /** With --ndjson: what each cycle came to. */
  readonly onCycle?: ((cycle: object) => void) | undefined
}

/** At each server in one cycle: with 20 cycles, growth of 50 bytes a connection is seen. */
const CONNECTIONS = 1700
const CYCLES = 20
const DETECTION_LIMIT_BYTES = 60
/** A node remembers 4096 connections that ended: five cycles fill that. */
const WARM_UP_CONNECTIONS = 1000
const DETAILS_BYTES = 200
/** Rest takes as long as the history keeps messages, and half-open connections last. */
const REST_MS = 120_000
const SETTLE_MS = 1000
/** A mesh for the soak alone keeps nothing for people: each cycle is shorter by so much less. */
const OWN_NODES = {WSMESH_HISTORY_SECONDS: '5'} as const
const HOUR_MS = 3_600_000
const HOURS_MAX = 24 * 30

/** Throws USAGE, and as openBattlefield does. */
export async function soak(
  flags: SoakFlagValues, settings: SiegeSettings, context: SoakContext,
): Promise<RunReport> {
  const {cycles = CYCLES} = flags
  const wanted = kindsOf(flags)
  const forMs = hoursOf(flags)
  const page = pageOf(flags, settings)
  checkFailover(flags, settings)
  const field = await openBattlefield({...context, settings, nodeEnv: OWN_NODES})
  const made: SoakTarget[] = []
  const targetOf = (target: AttackTarget): SoakTarget => {
    const one = soakTarget(target, page, field.secret)
    made.push(one)
    return one
  }
  try {
    const targets = field.targets.map(targetOf)
    const failover = failoverOf(flags, field, targetOf)
    const {environment, notes} = await preflight({connections: 100, processes: 1}, field.targets)
    const {kinds, without} = await possible(wanted, targets)
    const connections = flags.connections ?? CONNECTIONS
    const detailsBytes = flags['details-bytes'] ?? DETAILS_BYTES
    const startedAt = new Date()
    context.notice(startText({targets, connections, cycles, forMs, settings, kinds}))
    const run = await runSoak({
      targets,
      protocol: settings.protocol,
      secret: field.secret,
      kinds,
      cycles,
      forMs,
      connections,
      warmUpConnections: WARM_UP_CONNECTIONS,
      warmUpVisits: flags['warm-up'],
      connectPerS: settings.connectPerS,
      detailsBytes,
      restMs: REST_MS,
      settleMs: SETTLE_MS,
      seed: 1,
      failover,
      signal: context.signal,
      onCycle: (progress) => {
        context.notice(cycleLine(progress, forMs))
        context.onCycle?.(cycleJson(progress))
      },
    })
    const limit = {detectionLimitBytes: flags['detection-limit'] ?? DETECTION_LIMIT_BYTES}
    const servers = await attributed(judgeServers(run, limit), run.targets, context)
    const config = {...configOf(settings, field.targets), connections, detailsBytes}
    return soakReport({
      run, servers, config, environment, startedAt,
      version: context.version,
      notes: [...field.notes, ...notes, ...without, ...kindNotes(run)],
      isStrict: settings.isStrict,
    })
  } finally {
    for (const target of made) target.close()
    await field.close()
  }
}

/** Throws USAGE. */
function checkFailover({failover}: SoakFlagValues, {ownNodes, protocol}: SiegeSettings): void {
  if (failover === undefined) return
  if (protocol === 'plain') throw usage('A plain server has no master: --failover needs wsmesh', [])
  if (ownNodes === 1) throw usage('One node alone has nobody to hand over to', ['--nodes 3'])
  if (failover === 'kill' && ownNodes === 0) {
    throw usage('--failover kill would kill a node of your own mesh, and not start it again', [
      '--nodes 3   (a mesh for the soak alone)', '--failover step-down   (no process ends)'])
  }
}

/** Throws USAGE. */
function failoverOf(
  {failover}: SoakFlagValues, {own, targets}: Battlefield,
  targetOf: (target: AttackTarget) => SoakTarget,
): Failover | undefined {
  if (failover === undefined) return undefined
  if (targets.length < 2) throw usage('One node alone has nobody to hand over to', ['--nodes 3'])
  return failover === 'kill' && own !== undefined
    ? killMaster({mesh: own, targetOf}) : STEP_DOWN
}

function soakTarget(
  {name, clientUrl, operatorUrl, httpUrl = ''}: AttackTarget, page: string | undefined,
  secret: NodeDoors['secret'] | undefined,
): SoakTarget {
  const place = {name, clientUrl, operatorUrl}
  if (page !== undefined) return new PageTarget(place, page)
  if (operatorUrl !== undefined && secret !== undefined) {
    return new NodeTarget(place, {operatorUrl, httpUrl, secret})
  }
  throw new WsmeshError('SECRET_MISSING', `Who may look at the memory of ${name}?`, {
    suggestions: ['--secret-file FILE   (the mesh secret: operators may)'],
  })
}

/** A heap snapshot of each server that leaks says what holds it; it stands still meanwhile. */
async function attributed(
  servers: readonly JudgedServer[], targets: readonly SoakTarget[], {signal, notice}: SoakContext,
): Promise<JudgedServer[]> {
  const told: JudgedServer[] = []
  for (const [index, server] of servers.entries()) {
    const target = targets[index]
    const isWanted = server.verdict === 'leak' && server.suspects.length > 0
    told.push(isWanted && target !== undefined && !signal.aborted
      ? await withHolders(server, target, notice) : server)
  }
  return told
}

async function withHolders(
  server: JudgedServer, target: SoakTarget, notice: SoakContext['notice'],
): Promise<JudgedServer> {
  notice(`soak: ${server.name} leaks: a heap snapshot says what holds it`)
  try {
    const {snapshot} = await target.sample(server.suspects)
    if (snapshot === null) return server
    const {file, holders, why} = snapshot
    const found = holders.map(({class: name, path, share, objects}): LeakFinding => ({
      verdict: 'leak', tier: 'objects', name: `held: ${name}`, growth: null, per: 'cycle',
      evidence: `${objects} alive; ${(100 * share).toFixed(0)} % by ${path}`,
    }))
    const holder = commonHolder(holders.map(({path}) => path))
    const held = holder === undefined ? '' : `, held by ${holder}`
    const files = `heap snapshot at the node: ${file}${why === null ? '' : ` (${why})`}`
    return {
      ...server,
      summary: `${server.summary}${held}`,
      findings: [...server.findings, ...found,
        {verdict: 'leak', tier: 'objects', name: 'snapshot', growth: null, per: 'cycle',
          evidence: files}],
    }
  } catch (error) {
    notice(`soak: no snapshot: ${error instanceof Error ? error.message : String(error)}`)
    return server
  }
}

interface SoakPlan {
  readonly targets: readonly SoakTarget[]
  readonly connections: number
  readonly cycles: number
  readonly forMs: number | undefined
  readonly settings: Pick<SiegeSettings, 'connectPerS'>
  readonly kinds: readonly ChurnKind[]
}

/** A night's work begins with what it is going to be. */
function startText({targets, connections, cycles, forMs, settings, kinds}: SoakPlan): string {
  const [only] = targets
  const place = targets.length === 1 && only ? only.place.name : `each of ${targets.length} nodes`
  const until = forMs === undefined ? '' : `, and on for ${formatDuration(forMs)} in all`
  return `soak: ${connections} visits at ${place} in a cycle, ${settings.connectPerS}/s in all; `
    + `a warm-up, then ${cycles} cycles${until}; ${kinds.join(', ')}`
}

function cycleJson({cycle, isWarmUp, atS, work, samples}: SoakProgress): object {
  const nodes = [...samples].map(([node, {sample}]) => {
    const {heapBytes, externalBytes, rssBytes, objects} = sample
    return {node, heapBytes, externalBytes, rssBytes, objects}
  })
  return {type: 'cycle', cycle, isWarmUp, atS: Math.round(atS), visits: work.tried,
    failed: work.failed, messages: work.messages, nodes}
}

function cycleLine(
  {cycle, isWarmUp, warmUpCycles, cycles, atS, work, samples}: SoakProgress, forMs = 0,
): string {
  const told = [...samples].map(([name, {sample}]) => {
    const heap = (sample.heapBytes / 1024 / 1024).toFixed(1)
    return `${name} ${sample.objects} objects, heap ${heap} MiB`
  })
  const nth = cycle - warmUpCycles
  // With --hours, more cycles are done than are asked for: then the time tells how far it is.
  const of = isWarmUp ? '(warm-up)'
    : forMs > 0 ? `(${nth} after the warm-up)` : `(${nth} of ${cycles})`
  const failed = work.failed === 0 ? '' : `; ${work.failed} visits failed`
  return `soak: ${atS.toFixed(0)} s, cycle ${cycle} ${of}: ${told.join('; ')}${failed}`
}

function kindNotes({work}: SoakRun): string[] {
  const [first] = [...work.byTarget.values()]
  const kinds = Object.entries(first ?? {}).filter(([name]) => name !== 'connection')
  return [`at the first server: ${kinds.map(([name, count]) => `${count} ${name}`).join(', ')}`]
}

function kindsOf({kinds}: SoakFlagValues): readonly ChurnKind[] {
  const all = Object.keys(CHURN_KINDS).filter(isKind)
  if (kinds === undefined) return all
  const names = kinds.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !isKind(name))
  if (wrong !== undefined) {
    throw usage(`There is no kind of visit ${JSON.stringify(wrong)}`, [all.join(',')])
  }
  return names.filter(isKind)
}

/** Where a firewall keeps the application's door, visits by it would all fail. */
async function possible(
  kinds: readonly ChurnKind[], targets: readonly SoakTarget[],
): Promise<{readonly kinds: readonly ChurnKind[]; readonly without: readonly string[]}> {
  if (!kinds.includes('post') || kinds.length === 1) return {kinds, without: []}
  try {
    await Promise.all(targets.map((target) => target.post({user: 'soak'}, [])))
    return {kinds, without: []}
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const without = [`no visits of kind post: ${why}`]
    return {kinds: kinds.filter((kind) => kind !== 'post'), without}
  }
}

function isKind(name: string): name is ChurnKind {
  return Object.hasOwn(CHURN_KINDS, name)
}

function hoursOf({hours}: SoakFlagValues): number | undefined {
  if (hours === undefined) return undefined
  const value = /^\d+(\.\d+)?$/.test(hours) ? Number(hours) : Number.NaN
  if (value > 0 && value <= HOURS_MAX) return value * HOUR_MS
  throw usage(`--hours is a number up to ${HOURS_MAX}, not ${JSON.stringify(hours)}`, ['--hours 8'])
}

function pageOf(flags: SoakFlagValues, {protocol, urls}: SiegeSettings): string | undefined {
  const page = flags['sample-url']
  if (protocol === 'wsmesh') {
    if (page === undefined) return undefined
    throw usage('--sample-url is for a server that is no node', ['--protocol plain'])
  }
  if (page === undefined) {
    throw usage('Of a plain server nobody knows the memory', [
      '--sample-url http://127.0.0.1:9000/sample   (see docs/SIEGE.md, "Soak")'])
  }
  if (urls.length > 1) throw usage('--sample-url is the page of one server: name one', [])
  const url = URL.canParse(page) ? new URL(page) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href
  throw usage(`Not the address of a page: ${JSON.stringify(page)}`, [
    '--sample-url http://127.0.0.1:9000/sample'])
}

function configOf(settings: SiegeSettings, targets: readonly AttackTarget[]): RunConfig {
  const {command, protocol, connectPerS, detailsBytes, processes, connections} = settings
  return {
    command, protocol, target: 'mix', from: 'socket', connections, connectPerS, users: 0, tabs: 1,
    ratePerS: null, timeS: 0, detailsBytes, churnPerMinute: 0, slowReadersPercent: 0, rampS: 0,
    drainS: 0, processes, targets: targets.map(({clientUrl}) => clientUrl),
  }
}

function usage(message: string, suggestions: readonly string[]): WsmeshError {
  return new WsmeshError('USAGE', message, {suggestions})
}
