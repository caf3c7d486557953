import type {CloseName} from './close-code.js'

/** What a peer did wrong: a value, never an exception, since peers may do anything (P10). */
export interface Violation {
  /** Which close code of close-code.ts the connection ends with. */
  readonly close: CloseName
  /** For people, in a log or a close reason; never empty. */
  readonly reason: string
  /** Of a frame whose JSON nests deeper than is allowed. */
  readonly isTooDeep?: true
}

export type Decoded<T> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly violation: Violation}

export function decoded<T>(value: T): Decoded<T> {
  return {ok: true, value}
}

/** A frame that cannot be understood. */
export function badFrame(reason: string): {readonly ok: false; readonly violation: Violation} {
  return {ok: false, violation: {close: 'badFrame', reason}}
}

/** JSON that nests too deep: nobody read it. */
export function tooDeep(reason: string): {readonly ok: false; readonly violation: Violation} {
  return {ok: false, violation: {close: 'badFrame', reason, isTooDeep: true}}
}

export function tooBig(reason: string): {readonly ok: false; readonly violation: Violation} {
  return {ok: false, violation: {close: 'tooBig', reason}}
}
