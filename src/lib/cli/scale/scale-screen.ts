/** A size and its price for people: whether it fits first, then where it ends, then the parts. */
import type {ChalkInstance} from 'chalk'

import type {Amount, Part, PartName} from '../../scale/part.js'
import {unreachable} from '../../util/assert.js'
import {bytes, grouped, plural} from '../plural.js'
import type {ScreenOptions} from '../pool-screen.js'
import {type Column, renderTable} from '../table.js'
import {helpFor, nameOf} from './part-texts.js'
import {SLOTS_MAX} from './scale-flags.js'
import type {EndJson, ScaleJson, SizeJson} from './scale-view.js'

const DAY_S = 86_400
/** So many times as many nodes as a user has tabs are more than he needs. */
const FAR = 3
/** Of a part that is nearly full. */
const WARN = 0.7

export function scaleScreen(result: ScaleJson, {colours, widthMax}: ScreenOptions): string[] {
  const [only, ...others] = result.sizes
  const options = {widthMax, headerStyle: colours.bold}
  const isOne = only !== undefined && others.length === 0
  const table = isOne
    ? renderTable(partColumns(result, colours), only.parts, options)
    : renderTable(sizeColumns(result, colours), result.sizes, options)
  return [
    verdict(result, colours),
    ...endLines(result).map((line) => `  ${line}`),
    '', ...table, '',
    ...(isOne ? advice(result, only) : []),
    ...basis(result),
  ]
}

function verdict(result: ScaleJson, colours: ChalkInstance): string {
  const {config, sizes, fits} = result
  const fitting = sizes.filter((size) => size.fits)
  const asked = `${plural(config.users, 'user')} with ${grouped(config.users * config.tabs)} ` +
    `connections, ${rate(config.ratePerS)}`
  const relay = config.relay === 'master' ? 'with a master' : 'on NATS'
  const word = fits ? colours.green(colours.bold('FITS')) : colours.red(colours.bold('FULL'))
  const [first] = fitting
  const last = fitting.at(-1)
  const nodes = first === undefined || last === undefined
    ? span(config.nodes.from, config.nodes.to) : span(first.nodes, last.nodes)
  return `${word} ${nodes} ${relay}: ${asked}`
}

function span(from: number, to: number): string {
  return from === to ? plural(from, 'node') : `${grouped(from)} to ${plural(to, 'node')}`
}

function endLines({sizes, ends, natsPaysFrom}: ScaleJson): string[] {
  const [only, ...others] = sizes
  const isOne = only !== undefined && others.length === 0
  return [
    ...(isOne ? [fullestText(only), ...priceLines(only)] : []),
    endText('the master relay', ends.master),
    endText('NATS', ends.nats),
    ...(isOne && only.ratePerSMax > 0
      ? [`with ${plural(only.nodes, 'node')} it goes to ${rate(only.ratePerSMax)} ` +
        `(then full: ${nameOf(only.fullAtMost)})`]
      : []),
    ...(natsPaysFrom === null
      ? [] : [`NATS takes fewer cores in all from ${plural(natsPaysFrom, 'node')} on`]),
  ]
}

function fullestText({parts}: SizeJson): string {
  const [part] = parts
  return part === undefined ? '' : `fullest: ${nameOf(part.name)}, ${percent(part.load)}`
}

/** "a message costs 1 234 µs of processor time: publish 14, relay 900 (the master), …" */
function priceLines({message}: SizeJson): string[] {
  if (message.length === 0) return []
  const all = message.reduce((sum, {us}) => sum + us, 0)
  const steps = message.map(({step, at, us}) => `${step} ${micros(us)} (${at})`)
  return [`a message costs ${micros(all)} µs of processor time: ${steps.join(', ')}`]
}

function micros(us: number): string {
  return us < 10 ? String(Number(us.toPrecision(2))) : grouped(us)
}

function endText(relay: string, end: EndJson | null): string {
  if (end === null) return `${relay}: no number of nodes does it`
  const {nodesFrom, nodesTo, fullBefore, fullAfter} = end
  const from = fullBefore === null
    ? `from ${plural(nodesFrom, 'node')}`
    : `from ${plural(nodesFrom, 'node')} (fewer: ${nameOf(fullBefore)})`
  const to = fullAfter === null
    ? 'and no end is in sight'
    : `ends at ${plural(nodesTo, 'node')} (more: ${nameOf(fullAfter)})`
  return `${relay}: ${from}, ${to}`
}

function sizeColumns({config}: ScaleJson, colours: ChalkInstance): readonly Column<SizeJson>[] {
  const load = (name: PartName) => ({parts}: SizeJson) => {
    const part = parts.find((each) => each.name === name)
    return part === undefined ? '' : loadCell(part.load, colours)
  }
  const right = {align: 'right'} as const
  const relay: readonly Column<SizeJson>[] = config.relay === 'master'
    ? [
        {header: 'MASTER', ...right, cell: load('master')},
        {header: 'IN-TOP', ...right, dropsAs: 6, cell: busyMaster},
      ]
    : [
        {header: 'STREAM', ...right, cell: load('stream')},
        {header: 'SERVERS', ...right, cell: load('servers')},
      ]
  return [
    {header: 'NODES', ...right, cell: ({nodes}) => tight(grouped(nodes))},
    {header: '', cell: ({fits}) => (fits ? 'fits' : {text: 'full', style: colours.red})},
    {header: 'CLIENTS', ...right, dropsAs: 4, cell: (size) => tight(grouped(size.clientsPerNode))},
    {header: 'MEMORY', ...right, dropsAs: 2, cell: load('memory')},
    {header: 'NODE', ...right, dropsAs: 5, cell: load('node')},
    ...relay,
    {header: 'RETURN', ...right, dropsAs: 3, cell: load('return')},
    {header: 'STORE', ...right, dropsAs: 1, cell: load('store')},
    {header: 'FULLEST', cell: ({parts}) => parts[0]?.name ?? ''},
    {header: 'MOST/S', ...right, cell: ({ratePerSMax}) => tight(grouped(Math.floor(ratePerSMax)))},
    {header: 'THEN-FULL', cell: ({fullAtMost}) => fullAtMost},
  ]
}

function busyMaster({parts}: SizeJson): string {
  return percent(parts.find(({name}) => name === 'master')?.busy ?? 0)
}

function partColumns(_: ScaleJson, colours: ChalkInstance): readonly Column<Part>[] {
  const right = {align: 'right'} as const
  return [
    {header: 'PART', cell: ({name}) => name},
    {header: 'OF', shrinks: true, dropsAs: 1, cell: ({at}) => at},
    {header: 'LOAD', ...right, cell: ({load}) => loadCell(load, colours)},
    {header: 'NOW', ...right, cell: ({now}) => amountText(now)},
    {header: 'FULL-AT', ...right, cell: ({limit}) => amountText(limit)},
    {header: 'IN-TOP', ...right, dropsAs: 2, cell: ({busy}) =>
      (busy === undefined ? '' : percent(busy))},
  ]
}

function advice({config}: ScaleJson, {parts, nodesReached}: SizeJson): string[] {
  const [part] = parts
  const isFar = config.relay === 'nats' && nodesReached > FAR * config.tabs
  const isShared = isFar && config.slots < config.users && config.slots < SLOTS_MAX
  const lines = [
    ...(part === undefined || part.load < WARN ? [] : [helpFor(part, config.relay)]),
    ...(isShared
      ? [`--slots ${SLOTS_MAX} (serve --relay-slots): users share subjects, so a message for one ` +
        `reaches ${plural(nodesReached, 'node')}`]
      : []),
  ]
  return lines.length === 0 ? [] : [...lines.map((line) => `try: ${line}`), '']
}

function basis({costs}: ScaleJson): string[] {
  const {measured, machine, file} = costs
  return [
    `Costs measured on ${measured}, ${machine}${file === null ? '' : ` (${file})`}.`,
    ...(file === null
      ? ['Of another machine: --cost FILE. How it is reckoned: docs/SCALE.md'] : []),
  ]
}

function loadCell(load: number, colours: ChalkInstance) {
  const text = percent(load)
  if (load > 1) return {text, style: colours.red}
  return load >= WARN ? {text, style: colours.yellow} : text
}

function percent(share: number): string {
  if (share >= 99.995) return '>9999%'
  const value = share * 100
  if (value > 0 && value < 0.1) return '<0.1%'
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)}%`
}

function rate(perS: number): string {
  const text = perS < 10 ? String(Number(perS.toFixed(2))) : grouped(Math.floor(perS))
  return `${text} message${perS === 1 ? '' : 's'}/s`
}

/** Without blanks, as all cells, so that `awk` counts columns right. */
function amountText({value, unit}: Amount): string {
  switch (unit) {
    case 'core':
      return `${Number(value.toPrecision(2))}core`
    case 'bytes':
      return tight(bytes(value))
    case 'bits/s':
      return value >= 1e9 ? `${Number((value / 1e9).toPrecision(3))}Gbit/s`
        : `${Number((value / 1e6).toPrecision(2))}Mbit/s`
    case 'connections':
      return tight(grouped(value))
    case 's':
      if (value > DAY_S) return 'never'
      return `${value < 100 ? Number(value.toFixed(1)) : Math.round(value)}s`
    default:
      return unreachable(unit)
  }
}

function tight(text: string): string {
  return text.replaceAll(' ', '')
}
