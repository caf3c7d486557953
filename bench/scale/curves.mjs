/**
 * The curves and tables of docs/SCALE.md, of the model: the same costs give the same text.
 * `model`: what dist/lib/scale exports, or its source in a test.
 */
import {chart} from '../suite/charts.mjs'

const CLIENTS_PER_NODE = 25_000
const MESSAGE_EACH_S = 600
const NODES = {from: 2, to: 1000}
const PER_DECADE = 12
const MILLION = 1e6
/** So that the relay itself ends first, and not the history that who comes back needs. */
const ROOMY = {historyBytes: 1024 ** 3}

const COLOURS = {
  master: '#0b62c4', nats: '#c77700', node: '#008a70', return: '#444', store: '#7a7a7a',
  memory: '#0b62c4', servers: '#b3324d', stream: '#c77700', network: '#6f4fb0',
  'server-memory': '#6f4fb0',
}

const grouped = (value) =>
  String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',')
const percent = (share) => (share > 99 ? 'far over' :
  `${share < 0.1 ? Number((share * 100).toFixed(1)) : Math.round(share * 100)} %`)

function ask(model, changes) {
  return {...model.usual, relay: 'master', nodes: 2, ...changes}
}

/** As many nodes as these connections need, and each user gets a message every ten minutes. */
function grown(model, connections, changes = {}) {
  const users = connections / model.usual.tabs
  return ask(model, {
    users, nodes: Math.max(2, Math.ceil(connections / CLIENTS_PER_NODE)),
    ratePerS: users / MESSAGE_EACH_S, slots: 1_048_576, ...changes,
  })
}

/** Of parts that there are more than one of, the fullest. */
function loadsOf(model, question) {
  const loads = new Map()
  for (const {name, load} of model.partsOf(question, model.costs)) {
    loads.set(name, Math.max(load, loads.get(name) ?? 0))
  }
  return loads
}

function mostBySize(model) {
  const sizes = model.logSteps(NODES.from, NODES.to, PER_DECADE)
  const most = (relay, changes) => sizes.map((nodes) => ({
    x: nodes,
    y: model.priceOf(
      ask(model, {...ROOMY, relay, nodes, users: 1000 * nodes, ...changes}), model.costs,
    ).ratePerSMax,
  }))
  const tenth = {mix: {user: 0.9, group: 0, everyone: 0.1}}
  return chart({
    title: 'The most messages a second, 1,300 connections a node',
    xTitle: 'nodes', yTitle: 'messages a second until something is full',
    series: [
      {peer: 'master', label: 'master, to one user', points: most('master', {}), isPlain: true},
      {peer: 'nats', label: 'NATS, to one user', points: most('nats', {}), isPlain: true},
      {
        peer: 'master', label: 'master, 1 in 10 to all', colour: '#008a70',
        points: most('master', tenth), isPlain: true,
      },
      {
        peer: 'nats', label: 'NATS, 1 in 10 to all', colour: '#b3324d',
        points: most('nats', tenth), isPlain: true,
      },
    ].map((one) => ({...one, colour: one.colour ?? COLOURS[one.peer]})),
  })
}

function busyMaster(model) {
  const sizes = model.logSteps(NODES.from, NODES.to, PER_DECADE)
  const busy = (ratePerS) => sizes.map((nodes) => {
    const {master} = model.masterLoops(ask(model, {nodes, users: 1, ratePerS}), model.costs)
    return {x: nodes, y: 100 * model.turnsOf(master).busy}
  })
  return chart({
    title: "The master's core, as top shows it",
    xTitle: 'nodes', yTitle: 'percent of a core, for messages a second in all', yMin: 0.5,
    series: [[2000, '#b3324d'], [200, '#0b62c4'], [20, '#008a70'], [0, '#7a7a7a']]
      .map(([ratePerS, colour]) => ({
        peer: `${ratePerS}`,
        label: ratePerS === 0 ? 'nothing at all' : `${grouped(ratePerS)} a second`,
        colour, points: busy(ratePerS), isPlain: true,
      })),
  })
}

function growth(model, relay, names) {
  const steps = model.logSteps(20_000, 10 * MILLION, PER_DECADE)
  const all = steps.map((connections) => ({
    x: connections, loads: loadsOf(model, grown(model, connections, {relay})),
  }))
  return chart({
    title: `How full each part is, ${relay === 'master' ? 'with a master' : 'on NATS'}`,
    xTitle: 'connections; 25,000 a node, a message to each user every ten minutes',
    yTitle: 'percent; 100 is full', yMin: 0.1, yMax: 1000,
    series: names.map((name) => ({
      peer: name, colour: COLOURS[name], isPlain: true,
      points: all.map(({x, loads}) => ({x, y: 100 * (loads.get(name) ?? 0)})),
    })),
  })
}

/** What the model says of runs that its costs are not taken from. */
export function checked(model) {
  return model.checkRuns.map((run) => {
    const {relay, nodes, ratePerS, everyone, users} = run
    const mix = {user: 1 - everyone, group: 0, everyone}
    const question = ask(model, {
      relay, nodes, users, tabs: 1, ratePerS, mix, visitMs: 1e15, replicas: 1, slots: 65_536,
    })
    const idle = {...question, ratePerS: 0}
    const busyUs = (loops, name) => 1e6 * model.turnsOf(loops[name]).busy
    if (relay === 'master') {
      const [loops, none] = [question, idle].map((each) => model.masterLoops(each, model.costs))
      return {
        ...run,
        nodeModelUs: busyUs(loops, 'node') - busyUs(none, 'node'),
        masterModelUs: busyUs(loops, 'master') - busyUs(none, 'master'),
      }
    }
    const [loops, none] = [question, idle].map((each) => model.natsLoops(each, model.costs))
    return {
      ...run,
      nodeModelUs: busyUs(loops, 'node') - busyUs(none, 'node'),
      serverModelUs: model.serverBusyUs(question, model.costs),
    }
  })
}

function checkChart(model) {
  const points = (measured, reckoned) => checked(model)
    .filter((run) => run[measured] > 0)
    .map((run) => ({x: run[measured] / 1e4, y: run[reckoned] / 1e4}))
  const series = [
    {peer: 'node', label: 'a node', points: points('nodeUs', 'nodeModelUs')},
    {peer: 'master', label: 'the master', points: points('masterUs', 'masterModelUs')},
    {peer: 'servers', label: 'NATS', points: points('serverUs', 'serverModelUs')},
  ].map((one) => ({...one, colour: COLOURS[one.peer], isPoints: true}))
  const all = series.flatMap((one) => one.points.flatMap(({x, y}) => [x, y]))
  const [least, most] = [Math.min(...all), Math.max(...all)]
  const even = {
    peer: 'even', points: [{x: least, y: least}, {x: most, y: most}],
    isDashed: true, colour: '#444',
  }
  return chart({
    title: 'The model against runs that it does not know', xTitle: 'measured, percent of a core',
    yTitle: 'reckoned, percent of a core; on the line they are the same', series: [even, ...series],
  })
}

export function charts(model) {
  return {
    'most.svg': mostBySize(model),
    'master.svg': busyMaster(model),
    'growth-master.svg': growth(model, 'master', ['node', 'master', 'network', 'return', 'store']),
    'growth-nats.svg': growth(model, 'nats',
      ['node', 'memory', 'return', 'stream', 'servers', 'server-memory', 'store']),
    'check.svg': checkChart(model),
  }
}

function table(header, rows) {
  return [`| ${header.join(' | ')} |`, `|${header.map(() => '---').join('|')}|`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')
}

function costTable({costs, meanings}) {
  return table(['cost', 'measured', 'of'], Object.entries(meanings).map(([name, {unit, what}]) =>
    [`\`${name}\``, `${unit === 'bytes' ? grouped(costs[name]) : costs[name]} ${unit}`, what]))
}

function endTable(model) {
  const rows = [10, 30, 100, 300, 1000].map((nodes) => {
    const cells = ['master', 'nats'].flatMap((relay) => {
      const question = ask(model, {...ROOMY, relay, nodes, users: 1000 * nodes})
      const price = model.priceOf(question, model.costs)
      return [grouped(price.ratePerSMax), price.ratePart.name]
    })
    return [nodes, ...cells]
  })
  return table(['nodes', 'master: messages/s', 'then full', 'NATS: messages/s', 'then full'], rows)
}

function growthTable(model) {
  const names = ['clients', 'memory', 'node', 'master', 'return', 'store', 'stream', 'servers',
    'server-memory', 'network']
  const sizes = [100_000, MILLION, 3 * MILLION, 10 * MILLION]
  return ['master', 'nats'].map((relay) => {
    const asked = sizes.map((connections) => grown(model, connections, {relay}))
    const loads = asked.map((question) => loadsOf(model, question))
    const shown = names.filter((name) => loads[0].has(name))
    return table(
      [relay === 'master' ? 'with a master' : 'on NATS',
        ...sizes.map((connections) => `${grouped(connections)} connections`)],
      [
        ['nodes', ...asked.map(({nodes}) => nodes)],
        ['messages/s', ...asked.map(({ratePerS}) => grouped(ratePerS))],
        ...shown.map((name) => [name, ...loads.map((each) => percent(each.get(name)))]),
      ],
    )
  }).join('\n\n')
}

const against = (reckoned, measured) => (measured > 0
  ? `${(measured / 1e4).toFixed(1)} / ${(reckoned / 1e4).toFixed(1)} (${
    Number((reckoned / measured).toFixed(2))})` : '')

function checkTable(model) {
  return table(
    ['relay', 'nodes', 'messages/s', 'to all', 'a node', 'the master', 'the NATS server'],
    checked(model).map((run) => [
      run.relay, run.nodes, grouped(run.ratePerS), percent(run.everyone),
      against(run.nodeModelUs, run.nodeUs), against(run.masterModelUs, run.masterUs),
      against(run.serverModelUs, run.serverUs),
    ]),
  )
}

/** Whose output is `model.example`. */
const EXAMPLE = 'wsmesh simulate --relay master --nodes 10..1000 --users 200k --rate 500'
export const EXAMPLE_FLAGS = {
  relay: 'master', nodes: '10..1000', users: 200_000, rate: 500, tls: false,
}

/** By the marks that stand around them in docs/SCALE.md. */
export function tables(model) {
  return {
    example: `\`\`\`console\n$ ${EXAMPLE}\n${model.example}\n\`\`\``, costs: costTable(model), ends: endTable(model), growth: growthTable(model),
    check: checkTable(model),
  }
}

/** The document with its tables as they are now. Throws where a mark is missing. */
export function withTables(text, all) {
  return Object.entries(all).reduce((before, [name, content]) => {
    const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`]
    const from = before.indexOf(begin)
    const to = before.indexOf(end)
    if (from < 0 || to < from) throw new Error(`docs/SCALE.md has no place for ${name}`)
    return before.slice(0, from + begin.length) + content + before.slice(to)
  }, text)
}
