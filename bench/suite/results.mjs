/** RESULTS.md and its charts, out of all runs. */
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {chart} from './charts.mjs'
import {machine, versions} from './machine.mjs'
import {median} from './measure.mjs'
import {FIGURES, goalTable, modesOf, peerTable, spreadText} from './report.mjs'
import {rows} from './rows.mjs'

const table = (head, lines) => [
  `| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`,
  ...lines.map((cells) => `| ${cells.join(' | ')} |`), '',
]

function goals(runs) {
  const lines = goalTable(runs).filter(({all}) => all).map((one) => {
    const {row, mode, peer, figure, must, goal, all, says} = one
    const {title, modes} = rows[row]
    return [
      `${title}: ${modes[mode]}`, FIGURES[figure].name, peer ?? '(itself)', must ?? '',
      goal ?? '', spreadText(all, peer ? undefined : FIGURES[figure].show), all.n, says,
    ]
  })
  return table(['work', 'figure', 'against', 'must', 'goal', 'measured', 'rounds', ''], lines)
}

const COLUMNS = {
  memory: ['bytes', 'baseMiB', 'idleShare'], connect: ['cpuUs'],
  loop: ['rate', 'loopP99Ms', 'loopP999Ms', 'loopMaxMs', 'p50Us', 'p99Us'],
  behind: ['p50Us', 'p99Us', 'p999Us', 'maxUs', 'bigP99Us'],
}
const SIZES = 4
const BROADCAST = ['cpuUs', 'writeUs', 'batch', 'perSecond', 'p50Us', 'p99Us', 'driverShare']

function figures(runs, row) {
  const {title, modes} = rows[row]
  const columns = COLUMNS[row] ?? BROADCAST
  const parts = modesOf(runs, row).flatMap((mode) => [
    `**${modes[mode] ?? mode}**`, '',
    ...table(['', ...columns.map((name) => FIGURES[name].name), 'rounds'],
      peerTable(runs, row, mode).map(({peer, n, faults, figures}) => [
        peer, ...columns.map((name) => spreadText(figures[name], FIGURES[name].show)),
        faults ? `${n} (${faults} not valid)` : n,
      ])),
  ])
  return parts.length > 0 ? [`## ${title}`, '', ...parts] : []
}

function scalingTable(runs) {
  const valid = runs.filter(({row, fault}) => row === 'scaling' && !fault)
  if (valid.length === 0) return []
  const things = [...new Set(valid.map(({what}) => what))]
  const lines = things.flatMap((what) => {
    const some = valid.filter((run) => run.what === what)
    const sizes = [...new Set(some.map(({size}) => size))].toSorted((a, b) => a - b)
    const costs = sizes.map((size) =>
      median(some.filter((run) => run.size === size).map(({cpuUs}) => cpuUs)))
    const cells = sizes.map((size, at) => `${size}: ${FIGURES.cpuUs.show(costs[at])}`)
    while (cells.length < SIZES) cells.push('not valid')
    return [[what, ...cells, (costs.at(-1) / costs[0]).toFixed(2)]]
  })
  return [
    `## ${rows.scaling.title}`, '',
    'CPU us of all nodes per delivered message, at four sizes of each thing. `clients`, `users`,',
    '`groups`, `nodes`: a message to one connection, 64 in flight. `history`: the same, its bytes.',
    '`receivers`: broadcast, 16 in flight.', '',
    ...table(['', 'size: cost', '', '', '', 'last / first'], lines),
  ]
}

/** [{x: offered, y: figure}] of a peer, medians of rounds. */
function pointsOf(runs, row, peer, figure) {
  const some = runs.filter((run) =>
    run.row === row && run.peer === peer && !run.fault && Number.isFinite(run[figure]))
  const rates = [...new Set(some.map(({rate}) => rate))].toSorted((a, b) => a - b)
  const at = (x) => some.filter(({rate}) => rate === x).map((run) => run[figure])
  return rates.map((x) => ({x, y: median(at(x))}))
}

const CHARTS = [
  {row: 'load', file: 'one-throughput', figures: ['perSecond'], yTitle: 'deliveries a second',
    title: 'One node, 1,000 clients: deliveries a second'},
  {row: 'load', file: 'one-latency', figures: ['p99Us', 'p50Us'],
    yTitle: 'us; line p99, dashes p50', title: 'One node, 1,000 clients: latency'},
  {row: 'load', file: 'one-cpu', figures: ['cpuUs'], yTitle: 'CPU us per delivery',
    title: 'One node, 1,000 clients: cost'},
  {row: 'mesh-load', file: 'mesh-throughput', figures: ['perSecond'], yTitle: 'messages a second',
    title: 'Three nodes, one user on another node: messages a second'},
  {row: 'mesh-load', file: 'mesh-latency', figures: ['p99Us', 'p50Us'],
    yTitle: 'us; line p99, dashes p50',
    title: 'Three nodes, one user on another node: latency'},
  {row: 'mesh-load', file: 'mesh-cpu', figures: ['cpuUs'],
    yTitle: 'CPU us of all processes per message',
    title: 'Three nodes, one user on another node: cost'},
]

function charts(runs, folder) {
  mkdirSync(folder, {recursive: true})
  const made = CHARTS.flatMap(({row, file, figures, yTitle, title}) => {
    const series = rows[row].peers.flatMap((peer) => figures.map((figure, at) => ({
      peer, isDashed: at > 0, points: pointsOf(runs, row, peer, figure),
    })))
    const svg = chart({title, yTitle, xTitle: 'messages published a second', series})
    if (!svg) return []
    writeFileSync(join(folder, `${file}.svg`), svg)
    return [`![${title}](charts/${file}.svg)`, '']
  })
  return made.length > 0 ? ['## Against the load', '', ...made] : []
}

export function writeResults(runs, root) {
  const days = runs.map(({at}) => at.slice(0, 10))
  const faults = runs.filter(({fault}) => fault)
  const lines = [
    '# Results', '',
    'Written by `npm run bench`; [README.md](README.md) has what is measured and the rules.',
    'What the figures mean, and why a goal is not reached:',
    '[docs/PERFORMANCE.md](../docs/PERFORMANCE.md).',
    '', `- ${[...new Set([days[0], days.at(-1)])].join(' to ')}, ${machine()}`,
    `- wsmesh ${[...new Set(runs.map(({wsmesh}) => wsmesh))].join(', ')}`,
    ...versions().map((version) => `- ${version}`),
    `- driver in ${[...new Set(runs.map(({driver}) => driver))].join(' and ')}`,
    `- ${runs.length} runs, ${faults.length} of them not valid and left out`, '',
    '## Goals', '',
    'Ratios are wsmesh / peer within one round: median [least-greatest]. `goal` and `must` in',
    'the last column: reached. CPU is of all server processes.', '',
    ...goals(runs),
    ...['one', 'mesh', 'memory', 'connect', 'loop', 'behind'].flatMap((row) => figures(runs, row)),
    ...scalingTable(runs),
    ...charts(runs, join(root, 'bench', 'charts')),
  ]
  writeFileSync(join(root, 'bench', 'RESULTS.md'), lines.join('\n').replace(/\n+$/, '\n'))
}
