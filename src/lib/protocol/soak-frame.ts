/** A process's memory at rest, as `siege --soak` asks a node for it (docs/PROTOCOL.md). */
import {LIMITS} from './limits.js'
import {
  count,
  listOf,
  literal,
  nullable,
  number,
  object,
  recordOf,
  text,
  type Shape,
} from './shape.js'

export interface SoakRequest {
  readonly id: number
  readonly op: 'soak'
  /**
   * Also write a heap snapshot to the node's own disk, and say what holds objects of these classes
   * (as `classes` names them, or `largest Map`, `Set`, `Array`): LIMITS.soakClasses at most.
   */
  readonly holdersOf?: readonly string[]
}

/**
 * A number that the program itself keeps. `exact`: the same whenever the program is at rest.
 * `bounded`: a cache that may grow up to a bound. `drains`: empties by itself in time.
 */
export interface Gauge {
  readonly kind: 'exact' | 'bounded' | 'drains'
  readonly value: number
}

/** A process after a forced garbage collection. */
export interface ProcessSample {
  readonly pid: number
  readonly uptimeMs: number
  readonly gauges: Readonly<Record<string, Gauge>>
  /** What keeps the event loop alive, by kind; timers that are unref'd are not among it. */
  readonly resources: Readonly<Record<string, number>>
  /** Open files and sockets; null where the system does not tell. */
  readonly files: number | null
  /** All live JavaScript objects. */
  readonly objects: number
  /** Of each class: of plain objects each set of keys is one, of functions each name. */
  readonly classes: Readonly<Record<string, number>>
  /** Keys in Maps, members of Sets, items of arrays, properties of plain objects, all together. */
  readonly items: Readonly<Record<'Map' | 'Set' | 'Array' | 'Object', number>>
  /** Listeners on event emitters, by the emitter's class and the event. */
  readonly listeners: Readonly<Record<string, number>>
  readonly heapBytes: number
  readonly externalBytes: number
  readonly arrayBufferBytes: number
  readonly rssBytes: number
  readonly cost: SampleCost
}

/** What the sample cost the process that was looked at. */
export interface SampleCost {
  /** The whole of it, and the longest time for which the event loop stood still. */
  readonly totalMs: number
  readonly pauseMs: number
}

/** A heap snapshot on the disk of the machine that was asked. */
export interface HeapSnapshot {
  readonly file: string
  readonly bytes: number
  readonly pauseMs: number
  readonly holders: readonly Holder[]
  /** Why there are no holders, where there are none. */
  readonly why: string | null
}

/** What keeps objects of a class alive. */
export interface Holder {
  readonly class: string
  readonly objects: number
  /** The commonest shortest way from a root: `Node.#registry → Registry.#byUser → …`. */
  readonly path: string
  /** Of the objects that were followed, so many hang there. */
  readonly share: number
}

export interface SoakResult {
  readonly sample: ProcessSample
  readonly snapshot: HeapSnapshot | null
}

const gauge = object<Gauge>({kind: literal('exact', 'bounded', 'drains'), value: number})

const counts = recordOf(count)

export const processSample: Shape<ProcessSample> = object<ProcessSample>({
  pid: count,
  uptimeMs: number,
  gauges: recordOf(gauge),
  resources: counts,
  files: nullable(count),
  objects: count,
  classes: counts,
  items: object<ProcessSample['items']>({Map: count, Set: count, Array: count, Object: count}),
  listeners: counts,
  heapBytes: count,
  externalBytes: count,
  arrayBufferBytes: count,
  rssBytes: count,
  cost: object<SampleCost>({totalMs: number, pauseMs: number}),
})

const holder = object<Holder>({class: text, objects: count, path: text, share: number})

const heapSnapshot = object<HeapSnapshot>({
  file: text,
  bytes: count,
  pauseMs: number,
  holders: listOf(holder),
  why: nullable(text),
})

export const soakResult = object<SoakResult>({
  sample: processSample,
  snapshot: nullable(heapSnapshot),
})

const classNames: Shape<readonly string[]> = (value) => {
  const wrong = listOf(text)(value)
  if (wrong !== undefined) return wrong
  const names: readonly unknown[] = Array.isArray(value) ? value : []
  return names.length > LIMITS.soakClasses
    ? `is ${names.length} names: ${LIMITS.soakClasses} are allowed`
    : undefined
}

export const soakRequest = object<SoakRequest>(
  {id: count, op: literal('soak'), holdersOf: classNames},
  {optional: ['holdersOf'], closed: true},
)
