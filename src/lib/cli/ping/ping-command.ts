import type {ChalkInstance} from 'chalk'

import {tlsFilesOf} from '../tls-flags.js'
import {EXIT} from '../exit-code.js'
import {untilEnded} from '../ending.js'
import {plural} from '../plural.js'
import {meshAccessOf, type ReachFlagValues} from '../reach.js'
import {WsmeshError} from '../../util/errors.js'
import {formatDuration} from '../../util/duration.js'
import {clientUrlOf} from '../wire/client-url.js'
import {proofOf, type ProofFlagValues} from '../wire/proof.js'
import {pingJson, pingLine, summaryJson, summaryScreen} from './ping-screen.js'
import {nodeTargets} from './ping-targets.js'
import {clientPinger, nodePinger, type Pinger} from './pinger.js'
import {runPing} from './run-ping.js'

export interface PingFlagValues extends ReachFlagValues, ProofFlagValues {
  readonly url?: readonly string[] | undefined
  readonly all: boolean
  readonly count?: number | undefined
  readonly interval: number
  readonly wait: number
  readonly quiet: boolean
  readonly origin?: string | undefined
}

export interface PingPrint {
  readonly asJson: boolean
  readonly out: ChalkInstance
  readonly widthMax: number | undefined
  line(text: string): void
}

/** Who a client is that nobody said anything about. */
const PING_USER = 'wsmesh-ping'

/**
 * Pings until `--count` or a signal, prints it, and returns the exit status. Rejects as
 * nodeTargets, and with AUTH_REJECTED where nothing was answered and somebody refused.
 */
export async function pingCommand(
  flags: PingFlagValues,
  ids: readonly string[],
  print: PingPrint,
): Promise<number> {
  const urls = (flags.url ?? []).map(clientUrlOf)
  const wantsNodes = urls.length === 0 || flags.all || ids.length > 0
  if (flags.node !== undefined && ids.length > 0) {
    throw new WsmeshError('USAGE', 'Both ids of nodes and --node: give one of them')
  }
  using ending = untilEnded()
  const access = meshAccessOf(flags)
  try {
    const nodes = wantsNodes ? await nodeTargets(access, ids) : []
    const pingers = [
      ...nodes.map((node) => nodePinger(access, node, ending.signal)),
      ...await clientPingers(flags, urls, ending.signal),
    ]
    const whom = [
      ...(nodes.length === 0 ? [] : [`${plural(nodes.length, 'node')} of ${access.poolLabel}`]),
      ...urls,
    ].join(' and ')
    if (!print.asJson) print.line(heading(whom, flags))
    const width = Math.max(...pingers.map(({name}) => name.length))
    const result = await runPing(pingers, {
      count: flags.count ?? Infinity,
      intervalMs: flags.interval,
      waitMs: flags.wait,
      signal: ending.signal,
      onEvent(event) {
        if (flags.quiet) return
        print.line(print.asJson ? pingJson(event, Date.now()) : pingLine(event, width, print.out))
      },
    })
    const {all, refused} = result
    if (all.answered === 0 && refused !== undefined) throw refused
    if (print.asJson) print.line(summaryJson(result))
    else print.line(['', ...summaryScreen(result, {colours: print.out, ...print})].join('\n'))
    if (all.lost > 0) return EXIT.unreachable.code
    if (all.answered === 0) return ending.exit ?? EXIT.unreachable.code
    // Ctrl-C is how a ping ends; whoever is told to end is asked why.
    return ending.exit === undefined || ending.exit === EXIT.interrupted.code
      ? EXIT.ok.code : ending.exit
  } finally {
    access.close()
  }
}

async function clientPingers(
  flags: PingFlagValues,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<readonly Pinger[]> {
  if (urls.length === 0) return []
  const {TlsIdentity} = await import('../../auth/tls.js')
  const files = tlsFilesOf(flags)
  const tls = (await TlsIdentity.load(files, Date.now())).material
  const hasProof = ['user', 'token-file', 'session-file', 'cookie-file'].some((name) =>
    Reflect.get(flags, name) !== undefined)
  const proof = () => proofOf(hasProof ? flags : {...flags, user: PING_USER})
  // A file that cannot be read is said once, before anything is tried.
  await proof()
  return urls.map((url) => clientPinger({url, proof, origin: flags.origin, tls, signal}))
}

function heading(whom: string, {interval, count}: PingFlagValues): string {
  const until = count === undefined ? 'Ctrl-C ends it' : plural(count, 'time')
  return `PING ${whom}, every ${formatDuration(interval)}; ${until}`
}
