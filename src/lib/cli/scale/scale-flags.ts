/** Flags of `wsmesh simulate --relay …`: a mesh of some size, and what is asked of it. */
import {Flags} from '@oclif/core'

import type {Mix} from '../../scale/question.js'
import {WsmeshError} from '../../util/errors.js'
import {durationFlag} from '../flags.js'
import {countFlag, countWithin} from './count-flag.js'

const helpGroup = 'SIZE'
const dependsOn = ['relay']
const ofSize = {helpGroup, dependsOn}

export const NODES_MOST = 10_000
/** As serve has it. */
export const SLOTS_MAX = 1_048_576

export function scaleFlags() {
  return {
    relay: Flags.option({
      options: ['master', 'nats'] as const, helpGroup,
      summary: 'price a size instead: what carries messages between nodes',
    })(),
    users: countFlag({
      ...ofSize, least: 1, most: 1e9, summary: 'connected at one time (100k)',
    }),
    tabs: countFlag({
      ...ofSize, least: 1, most: 100, isExact: true, summary: 'connections of each user (1.3)',
    }),
    mix: mixFlag({
      ...ofSize, summary: 'percent of messages: user=90,group=9,everyone=1 (user=100)',
    }),
    'group-users': countFlag({
      ...ofSize, least: 1, most: 1e9, summary: 'users in a group that are connected (50)',
    }),
    bytes: countFlag({
      ...ofSize, least: 0, most: 1024 ** 2, summary: 'of the text of a message (128)',
    }),
    visit: durationFlag({
      ...ofSize, minMs: 1000, summary: 'how long a connection lasts, on average (10m)',
    }),
    'max-clients': countFlag({
      ...ofSize, least: 1, most: 1_000_000, summary: 'of a node, as serve has it (50000)',
    }),
    'history-bytes': countFlag({
      ...ofSize, least: 65_536, most: 1024 ** 3, summary: 'of a node, as serve has it (16777216)',
    }),
    tls: Flags.boolean({...ofSize, summary: 'clients come encrypted to the node, past no proxy'}),
    memory: countFlag({
      ...ofSize, least: 0.1, most: 1024, isExact: true, summary: 'GiB that a node may hold (4)',
    }),
    gbit: countFlag({
      ...ofSize, least: 0.01, most: 1000, isExact: true, summary: 'a second, of each network (10)',
    }),
    replicas: Flags.integer({
      ...ofSize, options: ['1', '3', '5'], summary: 'NATS servers, each with a copy (3)',
    }),
    slots: countFlag({
      ...ofSize, least: 1, most: SLOTS_MAX, summary: 'serve --relay-slots, for NATS (65536)',
    }),
    cost: Flags.string({
      ...ofSize, helpValue: 'FILE', summary: 'costs of your machine: node bench/scale.mjs',
    }),
    csv: Flags.boolean({...ofSize, exclusive: ['json'], summary: 'a line for each size'}),
  }
}

export interface NodesAsked {
  readonly from: number
  readonly to: number
}

/** "20" or "10..1000". Throws USAGE. */
export function nodesAsked(text: string): NodesAsked {
  const parts = text.split('..')
  const bounds = {least: 1, most: NODES_MOST}
  const [from = Number.NaN, to = from] = parts.map((part) => countWithin(part, '--nodes', bounds))
  if (parts.length <= 2 && from <= to) return {from, to}
  throw new WsmeshError('USAGE', `--nodes ${JSON.stringify(text)} is no range`, {
    suggestions: ['--nodes 10..1000', '--nodes 20'],
  })
}

const KINDS = ['user', 'group', 'everyone'] as const
const EXAMPLE = '--mix user=90,group=9,everyone=1'
const EXACT = 0.001

const mixFlag = Flags.custom<Mix>({
  helpValue: 'KIND=PERCENT,…',
  async parse(input) {
    return mixOf(input)
  },
})

/** Throws USAGE. */
export function mixOf(text: string): Mix {
  const mix = {user: 0, group: 0, everyone: 0}
  const given = new Set<string>()
  for (const part of text.split(',')) {
    const [name = '', percent = ''] = part.split('=')
    const kind = KINDS.find((each) => each === name)
    if (kind === undefined) throw wrongMix(`there is no kind ${JSON.stringify(name)}`)
    if (given.has(kind)) throw wrongMix(`${kind} comes twice`)
    if (!/^\d+(\.\d+)?$/.test(percent)) throw wrongMix(`${JSON.stringify(part)} has no percent`)
    given.add(kind)
    mix[kind] = Number(percent) / 100
  }
  const sum = mix.user + mix.group + mix.everyone
  const percents = Number((sum * 100).toFixed(1))
  if (Math.abs(sum - 1) > EXACT) throw wrongMix(`it comes to ${percents}, not 100`)
  return mix
}

function wrongMix(why: string): WsmeshError {
  return new WsmeshError('USAGE', `--mix: ${why}`, {suggestions: [EXAMPLE]})
}
