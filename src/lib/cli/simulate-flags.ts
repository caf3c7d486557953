import {Flags} from '@oclif/core'

import {WsmeshError} from '../util/errors.js'
import {durationFlag, repeatable} from './flags.js'
import {countFlag, countWithin} from './scale/count-flag.js'

const HOURS_MIN = 0.01
const HOURS_MAX = 8760
const NODES_MAX = 200
const NODES_MIN = 2
const NODES = '5'
const RATE = 5
const RATE_MAX = 1000

/** Hours, also parts of one. */
export const hoursFlag = Flags.custom<number>({
  helpValue: 'N',
  async parse(input, _context, {name}) {
    const hours = /^\d+(\.\d+)?$/.test(input) ? Number(input) : Number.NaN
    if (hours >= HOURS_MIN && hours <= HOURS_MAX) return hours
    const why = Number.isNaN(hours) ? 'is no number of hours' : 'is out of range'
    throw new WsmeshError('USAGE', `--${name} ${JSON.stringify(input)} ${why}`, {
      suggestions: [`--${name} 24   (${HOURS_MIN} to ${HOURS_MAX}, also 0.5)`],
    })
  },
})

/** Of `wsmesh simulate` either way: how large, and how much. */
export function sharedFlags() {
  return {
    nodes: Flags.string({
      char: 'n', helpValue: 'N',
      summary: 'how many nodes (5); with --relay also 10..1000 (1..1000)',
    }),
    rate: countFlag({
      least: 0, most: 1e8, isExact: true,
      summary: 'messages per second, in all (5; with --relay 100)',
    }),
  }
}

/** What there is without --relay. */
export function lifeFlags() {
  const ofLife = {helpGroup: 'LIFE', exclusive: ['relay']}
  return {
    hours: hoursFlag({...ofLife, default: 24, summary: 'hours of their life: 0.1, 24, 720'}),
    seed: Flags.integer({
      ...ofLife, default: 1, min: 0, max: 4_294_967_295, helpValue: 'N',
      summary: 'another one, another story',
    }),
    'faults-per-hour': Flags.integer({
      ...ofLife, default: 12, min: 0, max: 3600, helpValue: 'N',
      summary: 'at random times; one in four brings another',
    }),
    fault: repeatable({
      ...ofLife, helpValue: 'KIND[@TIME][+DURATION]',
      summary: 'only these faults: at that time, or at random; may be given again',
    }),
    latency: durationFlag({
      ...ofLife, default: 5, minMs: 1, maxMs: 400, summary: 'one way between two nodes, at most',
    }),
    'store-latency': durationFlag({
      ...ofLife, default: 8, minMs: 1, maxMs: 400, summary: 'one query of the pool store, at most',
    }),
    'play-all': Flags.boolean({...ofLife, summary: 'play the calm between faults too'}),
  }
}

/** Of a mesh whose life is played. Throws USAGE. */
export function lifeSize(
  {nodes = NODES, rate = RATE}: {
    readonly nodes?: string | undefined
    readonly rate?: number | undefined
  },
): {readonly nodes: number; readonly rate: number} {
  if (nodes.includes('..')) {
    throw new WsmeshError('USAGE', `--nodes ${nodes}: one life is of one number of nodes`, {
      suggestions: [`--nodes ${NODES}`, `--nodes ${nodes} --relay master   (what each size costs)`],
    })
  }
  return {
    nodes: countWithin(nodes, '--nodes', {least: NODES_MIN, most: NODES_MAX}),
    rate: countWithin(String(rate), '--rate', {least: 0, most: RATE_MAX}),
  }
}
