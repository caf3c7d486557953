/** A survey as rows of the page. Pure, but for what it remembers of the second before. */
import type {Survey, SurveyedNode} from '../operator/pool-survey.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import {parsePosition} from '../protocol/position.js'
import type {Sample} from './history.js'
import type {NodeRow, Totals} from './wire.js'

interface Place {
  readonly epoch: string
  readonly seq: number
  readonly atMs: number
  readonly perS: number
}

/** How fast the log grows at each node: the difference of two looks. */
export class RelayRates {
  #places = new Map<string, Place>()

  /** Messages a second since the look before; null at the first, or in a new epoch. */
  look(survey: Survey, nowMs: number): ReadonlyMap<string, number | null> {
    const places = new Map<string, Place>()
    const rates = new Map<string, number | null>()
    for (const {id, stats} of survey.nodes) {
      const position = stats === undefined ? undefined : parsePosition(stats.position)
      if (position === undefined) continue
      const {epoch, seq} = position
      const before = this.#places.get(id)
      const isComparable = before?.epoch === epoch && before.seq <= seq && before.atMs < nowMs
      const perS = isComparable ? ((seq - before.seq) * 1000) / (nowMs - before.atMs) : 0
      places.set(id, {epoch, seq, atMs: nowMs, perS})
      rates.set(id, isComparable ? Math.round(perS) : null)
    }
    this.#places = places
    return rates
  }
}

/** Who is master now: of several the one of the highest term. */
export function masterOf({nodes}: Survey): NodeStats | undefined {
  return mastersOf(nodes)[0]
}

export function mastersOf(nodes: readonly SurveyedNode[]): readonly NodeStats[] {
  return nodes
    .flatMap(({stats}) => (stats?.role === 'master' ? [stats] : []))
    .toSorted((a, b) => b.term - a.term)
}

export function nodeRows(
  survey: Survey,
  rates: ReadonlyMap<string, number | null>,
  supervisors: ReadonlyMap<string, number>,
): readonly NodeRow[] {
  const master = masterOf(survey)
  return survey.nodes.map((node) => {
    const {known, id, url, state, stats, rttMs, why} = node
    return {
      id,
      order: known?.order ?? null,
      role: stats?.role ?? 'unknown',
      state,
      why: why ?? null,
      clientUrl: known?.clientUrl ?? null,
      nodeUrl: url,
      version: stats?.version ?? known?.version ?? null,
      pid: stats?.pid ?? known?.pid ?? null,
      ...numbersOf(stats),
      relayedPerS: rates.get(id) ?? null,
      behind: behind(stats, master),
      rttMs: rttMs === undefined ? null : Number(rttMs.toFixed(2)),
      isCopy: master?.view.includes(stats?.node ?? master.node) === true && stats !== undefined,
      supervisorPid: supervisors.get(id) ?? null,
    }
  })
}

type Numbers = Pick<
  NodeRow,
  | 'uptimeS' | 'clients' | 'users' | 'inPerS' | 'outPerS' | 'loopDelayMs' | 'rssBytes'
  | 'queueBytes' | 'slowConsumers'
>

function numbersOf(stats: NodeStats | undefined): Numbers {
  return {
    uptimeS: stats?.uptimeS ?? null,
    clients: stats?.connections ?? null,
    users: stats?.users ?? null,
    inPerS: stats?.inPerS ?? null,
    outPerS: stats?.outPerS ?? null,
    loopDelayMs: stats?.loopDelayMs ?? null,
    rssBytes: stats?.rssBytes ?? null,
    queueBytes: stats?.queueBytes ?? null,
    slowConsumers: stats?.counters['slowConsumers'] ?? null,
  }
}

function behind(stats: NodeStats | undefined, master: NodeStats | undefined): number | null {
  const here = stats && parsePosition(stats.position)
  const there = master && parsePosition(master.position)
  if (here === undefined || there === undefined || here.epoch !== there.epoch) return null
  return Math.max(0, there.seq - here.seq)
}

export function totalsOf(rows: readonly NodeRow[]): Totals {
  const sum = (of: (row: NodeRow) => number | null) =>
    rows.reduce((total, row) => total + (of(row) ?? 0), 0)
  const most = (of: (row: NodeRow) => number | null) =>
    Math.max(0, ...rows.map((row) => of(row) ?? 0))
  return {
    inPerS: sum(({inPerS}) => inPerS),
    outPerS: sum(({outPerS}) => outPerS),
    // Every message comes to every node, so it is counted at one.
    relayedPerS: most(({relayedPerS}) => relayedPerS),
    clients: sum(({clients}) => clients),
    users: sum(({users}) => users),
    loopDelayMs: most(({loopDelayMs}) => loopDelayMs),
    rssBytes: sum(({rssBytes}) => rssBytes),
    queueBytes: sum(({queueBytes}) => queueBytes),
  }
}

export function sampleOf(row: NodeRow): Sample {
  const {inPerS, outPerS, relayedPerS, clients, users, loopDelayMs, rssBytes, queueBytes} = row
  return {inPerS, outPerS, relayedPerS, clients, users, loopDelayMs, rssBytes, queueBytes}
}
