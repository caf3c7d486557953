import {WsmeshError} from '../util/errors.js'
import type {Told} from './check.js'

export type Tried<T> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly told: Told}

/** What fails is a fact like another; a bug is not. */
export async function tried<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return {ok: true, value: await work()}
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    return {ok: false, told: toldBy(error)}
  }
}

export function toldBy({code, message, suggestions, cause}: WsmeshError): Told {
  const why = cause instanceof Error && !message.includes(cause.message)
    ? `: ${cause.message.split('\n')[0]}` : ''
  return {code, message: `${message}${why}`, suggestions}
}
