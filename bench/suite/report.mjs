/** What runs say together: ratios within rounds, their medians, and the goals. */
import {spread} from './measure.mjs'
import {rows} from './rows.mjs'

/** Figure of wsmesh / figure of a peer in the same round, of all rounds where both runs counted. */
export function ratios(runs, row, {mode, peer, figure}) {
  const valid = runs.filter((run) => run.row === row && run.mode === mode && !run.fault)
  return valid.filter((run) => run.peer === 'wsmesh').flatMap((own) => {
    const other = valid.find((run) => run.peer === peer && run.round === own.round)
    return other ? [own[figure] / other[figure]] : []
  })
}

export const modesOf = (runs, row) => [...new Set(runs.filter((run) => run.row === row).map((run) => run.mode))]

const whole = (value) => value.toFixed(0)
const two = (value) => value < 10 ? value.toFixed(2) : value.toFixed(0)

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

const FIGURES = {cpuUs: 'CPU/message', writeUs: 'CPU/write', p50Us: 'p50', p99Us: 'p99'}

/** For people at a terminal. */
export function textTable(runs) {
  const lines = ['', 'wsmesh / peer, median [min-max] of rounds (n)']
  for (const {row, mode, peer, figure, must, goal, all, says} of goalTable(runs)) {
    lines.push([
      row.padEnd(6), mode.padEnd(10), peer.padEnd(16), (FIGURES[figure] ?? figure).padEnd(12),
      `must ${must ?? '-'}`.padEnd(10), `goal ${goal ?? '-'}`.padEnd(10),
      `${spreadText(all)} (${all?.n ?? 0})`.padEnd(26), says,
    ].join(' '))
  }
  for (const [row, {peers}] of Object.entries(rows)) {
    for (const mode of modesOf(runs, row)) {
      lines.push('', `${row} ${mode}: CPU us/message, us/write, messages/s, p50, p99 us`)
      for (const peer of peers) {
        const some = runs.filter((run) => run.row === row && run.mode === mode && run.peer === peer && !run.fault)
        if (some.length === 0) continue
        const of = (figure, show) => spreadText(spread(some.map((run) => run[figure])), show)
        lines.push(`  ${peer.padEnd(18)} ${of('cpuUs').padEnd(22)} ${of('writeUs').padEnd(22)} ${
          of('perSecond', whole).padEnd(30)} ${of('p50Us', whole).padEnd(20)} ${of('p99Us', whole)}`)
      }
    }
  }
  return lines.join('\n')
}
