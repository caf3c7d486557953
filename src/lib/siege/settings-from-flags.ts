/** Flags to settings: defaults, and what does not go together. Throws USAGE. */
import {parseDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {DETAILS_BYTES_MIN} from './attack/message-text.js'
import {FAULT_NAMES} from './faults/fault-names.js'
import {LOCAL_FAULTS} from './faults/local-faults.js'
import type {MixPart} from './plan/audience.js'
import type {Stretch} from './plan/schedule.js'
import {commandLine} from './command-line.js'
import {RAMP} from './attack/field.js'
import type {Scenario} from './scenario.js'
import type {FaultPlan, SiegeSettings} from './settings.js'
import {stairs} from './stair-watch.js'
import {parseThreshold} from './verdict/threshold.js'

export interface SiegeFlagValues {
  readonly rate?: string | undefined
  readonly 'per-connection-rate'?: string | undefined
  readonly time: number
  readonly 'details-bytes'?: number | undefined
  readonly target?: 'user' | 'group' | 'everyone' | 'echo' | 'mix' | undefined
  readonly from: 'socket' | 'http' | 'outbox'
  readonly ramp?: number | undefined
  readonly stairs?: boolean
  readonly scenario?: string | undefined
  readonly action: string
  readonly drain: number
  readonly connections?: number | undefined
  readonly 'connect-rate': string
  readonly users?: number | undefined
  readonly tabs?: number | undefined
  readonly churn: string
  readonly 'slow-readers'?: number | undefined
  readonly processes?: number | undefined
  readonly protocol: 'wsmesh' | 'plain'
  readonly nodes?: number | undefined
  readonly 'users-file'?: string | undefined
  readonly 'token-command'?: string | undefined
  readonly threshold?: readonly string[] | undefined
  readonly fault?: readonly string[] | undefined
  readonly 'abort-on-fail'?: boolean
  readonly strict?: boolean
  readonly yes?: boolean
  readonly timeout: number
}

const CONNECTIONS_DEFAULT = 100
const RATE_DEFAULT = 100
const DETAILS_BYTES = 100
const RATE_MAX = 1_000_000

/** Mostly to one user each, as applications do; messages for everyone reach the most. */
const MIX: readonly MixPart[] = [
  {kind: 'user', weight: 90}, {kind: 'group', weight: 9}, {kind: 'everyone', weight: 1},
]

export function siegeSettings(
  flags: SiegeFlagValues,
  urls: readonly string[],
  scenario: Scenario | undefined,
  argv: readonly string[],
): SiegeSettings {
  checkTogether(flags, urls)
  if (scenario !== undefined) checkScenario(flags, scenario)
  const isHttpGet = urls.length > 0 && urls.every((url) => /^https?:/i.test(url))
  if (isHttpGet) checkHttpGet(flags, urls)
  const people = peopleOf(flags)
  const ratePerS = isHttpGet ? null : rateOf(flags, people.connections, scenario)
  const target = targetOf(flags, scenario)
  const stretches = scenario?.stretches ?? stretchesOf(flags, ratePerS)
  const timeMs = stretches.length === 0 || flags.stairs === true ? flags.time
    : stretches.reduce((sum, {durationS}) => sum + durationS * 1000, 0)
  return {
    urls: isHttpGet ? urls : urls.map((url) => targetUrl(url, flags.protocol)),
    protocol: isHttpGet ? 'plain' : flags.protocol,
    isHttpGet,
    ownNodes: flags.nodes ?? 0,
    ...people,
    connectPerS: number(flags['connect-rate'], '--connect-rate', {min: 0.1, max: 100_000}),
    target,
    mix: scenario?.mix ?? mixOf(target),
    from: flags.from,
    ratePerS,
    stretches,
    isStairs: flags.stairs === true,
    rampMs: flags.ramp ?? 0,
    timeMs,
    detailsBytes: flags['details-bytes'] ?? DETAILS_BYTES,
    churnPerMinute: number(flags.churn, '--churn', {min: 0, max: 600_000}),
    slowReadersPercent: flags['slow-readers'] ?? 0,
    drainMs: flags.drain,
    processes: isHttpGet ? 1 : Math.min(flags.processes ?? 1, people.connections),
    action: flags.action,
    faults: (flags.fault ?? []).map((text) => faultOf(text, timeMs)),
    thresholds: (flags.threshold ?? []).map((text) => parseThreshold(text)),
    abortsOnFail: flags['abort-on-fail'] === true,
    isStrict: flags.strict === true,
    usersFile: flags['users-file'],
    tokenCommand: flags['token-command'],
    timeoutMs: flags.timeout,
    command: commandLine(argv),
  }
}

function checkTogether(flags: SiegeFlagValues, urls: readonly string[]): void {
  const {protocol, nodes, target, from} = flags
  if (from === 'outbox' && nodes !== undefined) {
    throw usage('--nodes starts a mesh without an outbox: --from outbox needs one that has it', [
      'wsmesh serve --outbox   (then wsmesh siege --from outbox)'])
  }
  if (protocol === 'plain' && urls.length === 0) {
    throw usage('--protocol plain needs the address of a server', [
      'wsmesh siege --protocol plain ws://127.0.0.1:9000/'])
  }
  if (protocol === 'plain' && target !== undefined && target !== 'echo') {
    throw usage(`A plain server can only echo: --target ${target} needs wsmesh`, ['--target echo'])
  }
  if (protocol === 'plain' && from !== 'socket') {
    throw usage('A plain server is besieged by sockets only', ['--from socket'])
  }
  if (nodes !== undefined && urls.length > 0) {
    throw usage('--nodes starts a mesh of its own: there is nothing to be found at a URL', [])
  }
  checkFaults(flags, urls)
  if ((flags['details-bytes'] ?? DETAILS_BYTES) < DETAILS_BYTES_MIN) {
    throw usage(`--details-bytes is ${DETAILS_BYTES_MIN} at least: sender, number, times`, [])
  }
}

/** A mesh of the siege's own may be broken; anybody else's only when that is said twice. */
function checkFaults(flags: SiegeFlagValues, urls: readonly string[]): void {
  const {nodes, fault = [], protocol} = flags
  if (fault.length === 0) return
  if (nodes !== undefined) {
    if (nodes < 2) throw usage('One node alone cannot do without one: no fault is survived', [
      '--nodes 3'])
    return
  }
  const isLocal = fault.every((text) => Object.hasOwn(LOCAL_FAULTS, text.split('@')[0] ?? ''))
  if (urls.length > 0 || protocol === 'plain' || !isLocal) {
    throw usage(`--fault ${fault[0]} breaks a mesh of the siege's own`, [
      '--nodes 3', `--yes   (on this machine, the mesh of the pool: ${
        Object.keys(LOCAL_FAULTS).join(', ')})`])
  }
  if (flags.yes === true) return
  throw usage('--fault would kill or stop a node of your own mesh, and not start it again', [
    '--nodes 3   (a mesh for the siege alone)', '--yes   (if that is what you want)'])
}

/** One address, as fast as it answers: that is what can be asked of a page. */
function checkHttpGet(flags: SiegeFlagValues, urls: readonly string[]): void {
  const [url = ''] = urls
  if (urls.length > 1) throw usage('One HTTP address at a time', [])
  if (!URL.canParse(url)) throw usage(`Not an HTTP address: ${JSON.stringify(url)}`, [])
  if (new URL(url).username !== '') {
    throw usage('An address with a password would show in the process list', [])
  }
  const of = ['rate', 'per-connection-rate', 'stairs', 'ramp', 'scenario', 'target'] as const
  const given = of.find((name) => flags[name] !== undefined && flags[name] !== false)
  if (given !== undefined) {
    throw usage(`--${given} is for messages: an HTTP address is asked as fast as it answers`, [
      `wsmesh siege -c 50 -t 10s ${url}`])
  }
}

/** Throws USAGE. */
function checkScenario({protocol, target}: SiegeFlagValues, {mix, stretches}: Scenario): void {
  if (mix !== undefined && protocol === 'plain') {
    throw usage('A plain server can only echo: "mix" of the scenario needs wsmesh', [])
  }
  if (mix !== undefined && target !== undefined) {
    throw usage('Either --target, or "mix" of the scenario', [])
  }
  if (stretches.every(({name}) => name === RAMP)) {
    throw usage('All phases are called "ramp": nothing would be measured', [])
  }
}

function peopleOf({connections, users, tabs}: SiegeFlagValues) {
  const each = tabs ?? (connections !== undefined && users !== undefined
    ? Math.max(1, Math.ceil(connections / users)) : 1)
  const all = connections ?? (users === undefined ? CONNECTIONS_DEFAULT : users * each)
  const people = users ?? Math.max(1, Math.ceil(all / each))
  if (people > all) throw usage(`${people} users cannot have ${all} connections`, [`-c ${people}`])
  if (connections !== undefined && users !== undefined && tabs !== undefined
    && connections !== users * tabs) {
    throw usage(`${users} users with ${tabs} tabs are ${users * tabs} connections, `
      + `not ${connections}`, ['leave one of --connections, --users and --tabs out'])
  }
  return {connections: all, users: people, tabs: each}
}

function rateOf(
  flags: SiegeFlagValues, connections: number, scenario: Scenario | undefined,
): number | null {
  if (scenario !== undefined) {
    return Math.max(...scenario.stretches.flatMap(({fromPerS, toPerS}) => [fromPerS, toPerS]))
  }
  const each = flags['per-connection-rate']
  const bounds = {min: 0, max: RATE_MAX}
  const perS = each === undefined
    ? number(flags.rate ?? String(RATE_DEFAULT), '--rate', bounds)
    : number(each, '--per-connection-rate', bounds) * connections
  if (perS > RATE_MAX) throw usage(`${perS} messages per second are more than can be sent`, [])
  if (perS === 0 && flags.stairs === true) throw usage('--stairs needs a --rate to rise from', [])
  return perS === 0 ? null : perS
}

function stretchesOf(flags: SiegeFlagValues, ratePerS: number | null): readonly Stretch[] {
  const timeS = flags.time / 1000
  const perS = ratePerS ?? 0
  if (flags.stairs === true) return stairs(perS, timeS)
  const rampS = (flags.ramp ?? 0) / 1000
  if (rampS >= timeS) throw usage('--ramp is as long as --time: nothing would be measured', [])
  const load = {name: 'load', durationS: timeS - rampS, fromPerS: perS, toPerS: perS}
  if (rampS === 0) return [load]
  return [{name: RAMP, durationS: rampS, fromPerS: 0, toPerS: perS}, load]
}

function targetOf(flags: SiegeFlagValues, scenario: Scenario | undefined) {
  if (flags.protocol === 'plain') return 'echo'
  return flags.target ?? (scenario?.mix === undefined ? 'user' : 'mix')
}

function mixOf(target: SiegeSettings['target']): readonly MixPart[] {
  return target === 'mix' ? MIX : [{kind: target, weight: 1}]
}

function targetUrl(text: string, protocol: 'wsmesh' | 'plain'): string {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `ws://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined
  const isWebSocket = url?.protocol === 'ws:' || url?.protocol === 'wss:'
  if (url === undefined || !isWebSocket || url.hostname === '') {
    throw usage(`Not the address of a WebSocket server: ${JSON.stringify(text)}`, [
      'wsmesh siege ws://127.0.0.1:8080/WebSockets'])
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('An address with a password would show in the process list', [])
  }
  if (protocol === 'wsmesh' && url.pathname === '/') url.pathname = '/WebSockets'
  return url.href
}

function faultOf(text: string, timeMs: number): FaultPlan {
  const [name = '', at] = text.split('@')
  const atMs = at === undefined ? undefined : parseDuration(at)
  if (!FAULT_NAMES.includes(name)) {
    throw usage(`There is no fault ${JSON.stringify(name)}`, [FAULT_NAMES.join(', '),
      ...(name === 'slow-client' ? ['--slow-readers 10'] : []),
      ...(name === 'reconnect-storm' ? ['--churn 600'] : [])])
  }
  if (atMs === undefined) throw usage(`When? ${JSON.stringify(text)}`, [`--fault ${name}@10s`])
  if (atMs >= timeMs) throw usage(`${text} comes after the end of the load`, ['--time 2m'])
  return {name, atMs}
}

function number(
  text: string, what: string, {min, max}: {readonly min: number; readonly max: number},
): number {
  const value = /^\d+(\.\d+)?(\/s)?$/.test(text) ? Number(text.replace('/s', '')) : Number.NaN
  if (value >= min && value <= max) return value
  throw usage(`${what} is a number from ${min} to ${max}, not ${JSON.stringify(text)}`, [])
}

function usage(message: string, suggestions: readonly string[]): WsmeshError {
  return new WsmeshError('USAGE', message, {suggestions})
}
