/** A page's question as it came over the wire, or what is wrong with it. */
import {isRecord, parseJson} from '../protocol/json-text.js'
import {
  conforms, count, flag, literal, nullable, object, text, type Shape,
} from '../protocol/shape.js'
import {
  NODE_ACTS, SIEGE_MAX, type Ask, type Request, type Role, type SiegeSettings,
} from './wire.js'

/** Longer than any id, address or action that means something; details have their own bound. */
const TEXT_MAX = 300
const DETAILS_MAX = 65_536

const short: Shape<string> = bounded(TEXT_MAX)

function bounded(max: number): Shape<string> {
  return (value) => {
    const wrong = text(value)
    if (wrong !== undefined) return wrong
    return typeof value === 'string' && value.length > max ? `is longer than ${max}` : undefined
  }
}

function upTo(max: number, min = 1): Shape<number> {
  return (value) => {
    const wrong = count(value)
    if (wrong !== undefined) return wrong
    const isWithin = Number(value) >= min && Number(value) <= max
    return isWithin ? undefined : `is ${String(value)}: ${min} to ${max} are allowed`
  }
}

type AskOf<K extends Ask['ask']> = Extract<Ask, {readonly ask: K}> & {readonly id: number}

function asked<K extends Ask['ask']>(
  name: K,
  fields: {readonly [F in Exclude<keyof AskOf<K>, 'id' | 'ask'>]-?: Shape<AskOf<K>[F]>},
): Shape<Request> {
  const all = {id: count, ask: literal(name), ...fields}
  const shape = object<Record<string, unknown>>(all, {closed: true})
  return (value) => shape(value)
}

const SHAPES: {readonly [K in Ask['ask']]: Shape<Request>} = {
  look: asked('look', {isOn: flag}),
  history: asked('history', {node: nullable(short), span: literal('10m', '6h')}),
  users: asked('users', {
    by: literal('user', 'one', 'group', 'session'), text: short, after: nullable(short),
  }),
  kick: asked('kick', {by: literal('user', 'connection'), value: short, reason: short}),
  trace: asked('trace', {user: nullable(short)}),
  send: asked('send', {
    action: short,
    details: bounded(DETAILS_MAX),
    target: literal('user', 'group', 'session', 'registered', 'everyone'),
    value: short,
  }),
  act: asked('act', {node: short, act: literal(...NODE_ACTS), name: short}),
  remove: asked('remove', {node: short}),
  start: asked('start', {}),
  siege: asked<'siege'>('siege', siegeFields()),
  'end-siege': asked('end-siege', {}),
}

function siegeFields(): {readonly [F in keyof SiegeSettings]: Shape<number>} {
  return {
    connections: upTo(SIEGE_MAX.connections),
    rate: upTo(SIEGE_MAX.rate),
    timeS: upTo(SIEGE_MAX.timeS, 2),
  }
}

export type RequestRead =
  | {readonly ok: true; readonly request: Request}
  /** Without an id nobody can be told. */
  | {readonly ok: false; readonly id: number | undefined; readonly why: string}

export function readRequest(data: Uint8Array): RequestRead {
  const read = parseJson(data)
  if (!read.ok) return {ok: false, id: undefined, why: read.reason}
  const {value} = read
  if (!isRecord(value)) return {ok: false, id: undefined, why: 'not an object'}
  const id = typeof value['id'] === 'number' ? value['id'] : undefined
  const name = value['ask']
  const shape = Object.entries(SHAPES).find(([known]) => known === name)?.[1]
  if (shape === undefined) return {ok: false, id, why: 'an unknown question'}
  if (conforms(shape, value)) return {ok: true, request: value}
  return {ok: false, id, why: shape(value) ?? 'wrong'}
}

const FOR_VIEWERS: readonly Ask['ask'][] = ['look', 'history', 'users']
const FOR_OPERATORS: readonly Ask['ask'][] = [
  ...FOR_VIEWERS, 'kick', 'trace', 'send', 'act', 'remove', 'start', 'siege', 'end-siege',
]

/** What changes nothing and shows nobody's messages is for viewers, the rest for operators. */
export function asksOf(role: Role): readonly Ask['ask'][] {
  return role === 'operator' ? FOR_OPERATORS : FOR_VIEWERS
}
