/** What runs say together: ratios within rounds, their medians, and the goals. */
import {spread} from './measure.mjs'
import {rows} from './rows.mjs'

/**
 * Figure of wsmesh / figure of a peer in the same round, of all rounds where both runs counted;
 * where a goal names no peer the figure itself.
 */
export function ratios(runs, row, {mode, peer, figure}) {
  const valid = runs.filter((run) => run.row === row && run.mode === mode && !run.fault)
  if (!peer) return valid.filter((run) => run.peer === 'wsmesh').map((run) => run[figure])
  return valid.filter((run) => run.peer === 'wsmesh').flatMap((own) => {
    const other = valid.find((run) => run.peer === peer && run.round === own.round)
    return other ? [own[figure] / other[figure]] : []
  })
}

export const modesOf = (runs, row) =>
  [...new Set(runs.filter((run) => run.row === row).map((run) => run.mode))]

const whole = (value) => value.toFixed(0)
const two = (value) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)

/** "1.20 [1.10-1.31]" */
export const spreadText = (all, show = two) =>
  all ? `${show(all.median)} [${show(all.min)}-${show(all.max)}]` : '-'

export function verdict(all, must, goal) {
  if (!all) return 'not run'
  if (goal !== undefined && all.median <= goal) return 'goal'
  if (must !== undefined) return all.median <= must ? 'must' : 'MISSED'
  return goal === undefined ? '' : 'not reached'
}

/** Rows of the table of goals: {row, mode, peer, figure, must, goal, all, says}. */
export function goalTable(runs) {
  return Object.entries(rows).flatMap(([row, {goals}]) => goals.map((goal) => {
    const all = spread(ratios(runs, row, goal))
    return {row, ...goal, all, says: verdict(all, goal.must, goal.goal)}
  }))
}

export const FIGURES = {
  cpuUs: {name: 'CPU us/message', show: two}, writeUs: {name: 'CPU us/write', show: two},
  perSecond: {name: 'messages/s', show: whole}, batch: {name: 'messages/write', show: two},
  p50Us: {name: 'p50 us', show: whole}, p99Us: {name: 'p99 us', show: whole},
  p999Us: {name: 'p99.9 us', show: whole}, maxUs: {name: 'max us', show: whole},
  bytes: {name: 'bytes/connection', show: whole}, baseMiB: {name: 'MiB before', show: whole},
  idleShare: {name: 'CPU, idle', show: (share) => `${(share * 100).toFixed(1)} %`},
  loopP99Ms: {name: 'loop p99 ms', show: two}, loopP999Ms: {name: 'loop p99.9 ms', show: two},
  loopMaxMs: {name: 'loop max ms', show: two}, rate: {name: 'rate', show: whole},
  bigP99Us: {name: 'p99 of the big, us', show: whole},
  driverShare: {name: 'driver', show: (share) => `${(share * 100).toFixed(0)} %`},
}

/** [{peer, n, figures: {name: spread}}] of one mode of a row, of runs that counted. */
export function peerTable(runs, row, mode) {
  return rows[row].peers.flatMap((peer) => {
    const all = runs.filter((run) => run.row === row && run.mode === mode && run.peer === peer)
    const valid = all.filter((run) => !run.fault)
    if (all.length === 0) return []
    const figures = Object.keys(FIGURES).flatMap((name) => {
      const values = valid.map((run) => run[name]).filter(Number.isFinite)
      return values.length > 0 ? [[name, spread(values)]] : []
    })
    const faults = all.length - valid.length
    return [{peer, n: valid.length, faults, figures: Object.fromEntries(figures)}]
  })
}

const QUIET = ['batch', 'driverShare', 'p999Us', 'maxUs']

/** For people at a terminal. */
export function textTable(runs) {
  const lines = ['', 'wsmesh / peer, median [min-max] of rounds (n)']
  for (const {row, mode, peer = '', figure, must, goal, all, says} of goalTable(runs)) {
    if (!all) continue
    lines.push([
      row.padEnd(8), mode.padEnd(10), peer.padEnd(16), FIGURES[figure].name.padEnd(16),
      `must ${must ?? '-'}`.padEnd(10), `goal ${goal ?? '-'}`.padEnd(10),
      `${spreadText(all)} (${all.n})`.padEnd(26), says,
    ].join(' '))
  }
  for (const row of Object.keys(rows)) {
    for (const mode of modesOf(runs, row)) {
      lines.push('', `${row} ${mode}`)
      for (const {peer, n, figures} of peerTable(runs, row, mode)) {
        const cells = Object.entries(figures).filter(([name]) => !QUIET.includes(name))
        lines.push(`  ${peer.padEnd(18)} (${n}) ${cells.map(([name, all]) =>
          `${FIGURES[name].name} ${spreadText(all, FIGURES[name].show)}`).join('  ')}`)
      }
    }
  }
  return lines.join('\n')
}
