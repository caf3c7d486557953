/**
 * All live objects of this process, counted by class after forced garbage collections. Counts are
 * exact where bytes are not: an object forgotten once in ten connections shows after a hundred
 * (docs/SIEGE.md).
 */
import {EventEmitter} from 'node:events'
import {types} from 'node:util'
import {ClassNames, cut, ownValue} from './class-names.js'
import type {HeapSession} from './heap-session.js'

export interface HeapCensus {
  readonly objects: number
  readonly classes: Readonly<Record<string, number>>
  readonly items: Readonly<Record<CollectionKind, number>>
  readonly listeners: Readonly<Record<string, number>>
}

export type CollectionKind = 'Map' | 'Set' | 'Array' | 'Object'

/** Finalizers and closed handles need turns of the event loop between two collections. */
const COLLECTIONS = 3

/** Classes that are told, the most numerous: functions have a name each, and would be all. */
const CLASSES_MAX = 1500
const FUNCTIONS_MAX = 500
const LISTENERS_MAX = 200

/**
 * The program may go on between the collections; the count itself is one turn. It is done once,
 * since V8 collects all it can for it anyway: that is most of its cost.
 */
export async function takeHeapCensus(session: HeapSession): Promise<HeapCensus> {
  for (let collections = 1; collections < COLLECTIONS; collections += 1) {
    await turns()
    await session.collectGarbage()
  }
  await turns()
  const counted = session.withLiveObjects(countAll)
  await turns()
  await session.collectGarbage()
  return counted
}

/** Closed sockets are let go a turn or two after their close. */
export function turns(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function countAll(all: readonly object[]): HeapCensus {
  const names = new ClassNames()
  const classes = new Map<string, number>()
  const listeners = new Map<string, number>()
  const items = {Map: 0, Set: 0, Array: 0, Object: 0}
  for (const item of all) {
    const name = names.nameOf(item)
    classes.set(name, (classes.get(name) ?? 0) + 1)
    const kind = collectionKindOf(item)
    if (kind !== undefined) items[kind] += sizeOf(item)
    else if (isEmitter(item)) addListeners(listeners, name, item)
  }
  return {
    objects: all.length,
    classes: {
      ...most(select(classes, false), CLASSES_MAX), ...most(select(classes, true), FUNCTIONS_MAX),
    },
    items,
    listeners: most(listeners, LISTENERS_MAX),
  }
}

/** What holds things; undefined for all else, and for what would run the program's own code. */
export function collectionKindOf(item: object): CollectionKind | undefined {
  if (types.isProxy(item)) return undefined
  if (types.isMap(item)) return 'Map'
  if (types.isSet(item)) return 'Set'
  if (Array.isArray(item)) return 'Array'
  return Object.getPrototypeOf(item) === Object.prototype ? 'Object' : undefined
}

export function sizeOf(item: object): number {
  if (types.isMap(item) || types.isSet(item)) return sizeGetterOf(item)
  return Array.isArray(item) ? item.length : Object.keys(item).length
}

/** A subclass may have a `size` of its own. */
function sizeGetterOf(item: Map<unknown, unknown> | Set<unknown>): number {
  const prototype = types.isMap(item) ? Map.prototype : Set.prototype
  const size: unknown = Reflect.get(prototype, 'size', item)
  return Number(size)
}

function select(classes: ReadonlyMap<string, number>, functions: boolean): Map<string, number> {
  return new Map([...classes].filter(([name]) => name.startsWith('function') === functions))
}

function most(counts: ReadonlyMap<string, number>, max: number): Record<string, number> {
  return Object.fromEntries([...counts].toSorted((a, b) => b[1] - a[1]).slice(0, max))
}

function isEmitter(item: object): item is EventEmitter {
  return !types.isProxy(item) && item instanceof EventEmitter
}

function addListeners(listeners: Map<string, number>, owner: string, emitter: EventEmitter): void {
  const events = ownValue(emitter, '_events')
  if (typeof events !== 'object' || events === null) return
  for (const event of Reflect.ownKeys(events)) {
    const held = ownValue(events, event)
    const number = Array.isArray(held) ? held.length : held === undefined ? 0 : 1
    if (number === 0) continue
    const name = cut(`${owner} ${String(event)}`)
    listeners.set(name, (listeners.get(name) ?? 0) + number)
  }
}
