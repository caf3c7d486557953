/** What can be full: a process, a memory, a network, a time. */

export type PartName =
  | 'clients' | 'memory' | 'node' | 'master' | 'network' | 'return' | 'store'
  | 'stream' | 'servers' | 'server-memory'

export interface Part {
  readonly name: PartName
  /** Which process or place: "each node". */
  readonly at: string
  /** How full: 1 is the end. */
  readonly load: number
  /** The same as people measure it: "13 000 connections", of `limit`. */
  readonly now: Amount
  readonly limit: Amount
  /** Of a core, as `top` shows it: of processes alone. */
  readonly busy: number | undefined
}

export type Unit = 'core' | 'bytes' | 'bits/s' | 'connections' | 's'

export interface Amount {
  readonly value: number
  readonly unit: Unit
}

export function amount(value: number, unit: Unit): Amount {
  return {value, unit}
}

/** Of something that adds up: its share of what there is. */
export function partOf(
  name: PartName, at: string, now: Amount, limit: Amount, busy?: number,
): Part {
  const load = limit.value > 0 ? now.value / limit.value : Infinity
  return {name, at, load, now, limit, busy}
}
