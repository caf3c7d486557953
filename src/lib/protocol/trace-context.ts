/**
 * The context of a distributed trace, as W3C Trace Context (REC, level 1) writes it: carried as it
 * is from who publishes to who is told. No span is made of it here.
 */
import {LIMITS} from './limits.js'

/** Its names are those of a carrier: a propagator of OpenTelemetry takes it as it is. */
export interface TraceContext {
  /** Of version 00. */
  readonly traceparent: string
  readonly tracestate?: string
}

/** What somebody gave as one; anything may stand in it. */
export interface TraceCarrier {
  readonly traceparent?: unknown
  readonly tracestate?: unknown
}

const PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/
const PARENT_CHARACTERS = 55

const KEY = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const MEMBERS_MAX = 32

/** Undefined for what is none, which a receiver goes on without (section 3.2.2.3). */
export function traceContextFrom(carrier: TraceCarrier): TraceContext | undefined {
  const {traceparent, tracestate} = carrier
  const parent = parentFrom(traceparent)
  if (parent === undefined) return undefined
  const state = stateFrom(tracestate)
  return state === undefined ? {traceparent: parent} : {traceparent: parent, tracestate: state}
}

/** One of a later version begins as one of version 00, and is passed on as that. */
function parentFrom(value: unknown): string | undefined {
  if (typeof value !== 'string' || !PARENT.test(value)) return undefined
  if (value.length === PARENT_CHARACTERS) return `00${value.slice(2)}`
  const isLater = !value.startsWith('00') && value[PARENT_CHARACTERS] === '-'
  return isLater ? `00${value.slice(2, PARENT_CHARACTERS)}` : undefined
}

/** A list that is wrong, or longer than has to be passed on, goes; the parent stays. */
function stateFrom(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LIMITS.traceStateBytes) return undefined
  const members = value.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
  const given = members.filter((member) => member !== '')
  if (given.length === 0 || given.length > MEMBERS_MAX) return undefined
  const keys = given.map((member) => member.slice(0, member.indexOf('=')))
  const isGood = given.every((member) => {
    const at = member.indexOf('=')
    return at > 0 && KEY.test(member.slice(0, at)) && VALUE.test(member.slice(at + 1))
  })
  return isGood && new Set(keys).size === keys.length ? given.join(',') : undefined
}
