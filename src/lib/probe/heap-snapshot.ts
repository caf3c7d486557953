/**
 * A heap snapshot on this machine's disk, and what in it holds objects that should be gone. It
 * contains all that the process has in memory, secrets too: its folder is its owner's alone.
 */
import {closeSync, existsSync, openSync, rmSync, statSync, writeSync} from 'node:fs'
import {mkdtemp} from 'node:fs/promises'
import {freemem, tmpdir} from 'node:os'
import {join} from 'node:path'
import {Worker} from 'node:worker_threads'
import type {HeapSnapshot, Holder} from '../protocol/soak-frame.js'
import {ClassNames} from './class-names.js'
import {collectionKindOf, sizeOf, turns} from './heap-census.js'
import {HeapSession} from './heap-session.js'

/** V8 builds a snapshot in memory before it writes it. */
const MEMORY_FACTOR = 3
/** A larger file is not read again: its text would not fit one string. */
const FOLLOWED_BYTES_MAX = 256 * 1024 * 1024
/** The oldest are removed. */
const KEPT_MAX = 4
const FOLLOWED_EACH = 40
const FOLLOW_MS = 60_000

const kept: string[] = []

/** What the thread that reads a snapshot is asked: object numbers of each class. */
export interface FollowRequest {
  readonly file: string
  readonly ids: Readonly<Record<string, readonly number[]>>
}

export type FollowedPath = Pick<Holder, 'class' | 'path' | 'share'>

/**
 * `classes` as a census names them, or `largest Map`, `largest Set`, `largest Array`, `largest
 * Object`. Rejects when there is too little memory or disk.
 */
export async function snapshotHeap(classes: readonly string[]): Promise<HeapSnapshot> {
  const {heapTotal} = process.memoryUsage()
  if (freemem() < heapTotal * MEMORY_FACTOR) {
    throw new Error(`A snapshot needs ${MEMORY_FACTOR} times the heap in free memory`)
  }
  const session = new HeapSession()
  try {
    await turns()
    await session.collectGarbage()
    const found = session.withLiveObjects((all) => choose(all, classes))
    // Its own hold on what it chose is weak from the next turn on.
    await turns()
    const file = await nextFile()
    writeSnapshot(session, file)
    // V8 gives an object its number when it is first seen in a snapshot.
    const ids = Object.fromEntries(
      [...found].map(([name, {chosen}]) => [name, session.snapshotIdsOf(living(chosen))]),
    )
    const bytes = statSync(file).size
    const pauseMs = Math.round(session.pauseMs)
    if (bytes > FOLLOWED_BYTES_MAX) {
      return {file, bytes, pauseMs, holders: [], why: 'it is too large to be followed here'}
    }
    const followed = await follow({file, ids})
    const holders = followed.paths.map((path) => ({
      ...path, objects: found.get(path.class)?.objects ?? 0,
    }))
    return {file, bytes, pauseMs, holders, why: followed.why}
  } finally {
    session.close()
  }
}

async function nextFile(): Promise<string> {
  // 0700, as mkdtemp makes it.
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-heap-'))
  kept.push(folder)
  for (const old of kept.splice(0, kept.length - KEPT_MAX)) {
    rmSync(old, {recursive: true, force: true})
  }
  return join(folder, `${process.pid}.heapsnapshot`)
}

function writeSnapshot(session: HeapSession, file: string): void {
  const handle = openSync(file, 'wx', 0o600)
  try {
    session.takeSnapshot((chunk) => void writeSync(handle, chunk))
  } finally {
    closeSync(handle)
  }
}

interface Chosen {
  readonly objects: number
  readonly chosen: readonly WeakRef<object>[]
}

function living(chosen: readonly WeakRef<object>[]): object[] {
  return chosen.map((ref) => ref.deref()).filter((item) => item !== undefined)
}

/** Of each class some objects, spread over all of them. Held weakly: who looks is no holder. */
function choose(all: readonly object[], classes: readonly string[]): Map<string, Chosen> {
  const names = new ClassNames()
  const byClass = new Map<string, object[]>(classes.map((name) => [name, []]))
  const largest = new Map<string, object>()
  for (const item of all) {
    byClass.get(names.nameOf(item))?.push(item)
    const kind = collectionKindOf(item)
    const known = kind && largest.get(`largest ${kind}`)
    if (kind && (known === undefined || sizeOf(item) > sizeOf(known))) {
      largest.set(`largest ${kind}`, item)
    }
  }
  const chosen = new Map<string, Chosen>()
  for (const [name, found] of byClass) {
    const one = largest.get(name)
    const objects = one === undefined ? found : [one]
    const step = Math.max(1, Math.ceil(objects.length / FOLLOWED_EACH))
    const some = objects.filter((_, index) => index % step === 0)
    chosen.set(name, {objects: objects.length, chosen: some.map((item) => new WeakRef(item))})
  }
  return chosen
}

/** In a thread: parsing takes a second for each 50 MB. */
function follow(
  request: FollowRequest,
): Promise<{readonly paths: readonly FollowedPath[]; readonly why: string | null}> {
  return new Promise((resolve) => {
    const worker = new Worker(threadUrl(), {
      workerData: request, execArgv: [], name: 'wsmesh-snapshot',
    })
    const end = (paths: readonly FollowedPath[], why: string | null): void => {
      clearTimeout(timer)
      void worker.terminate()
      resolve({paths, why})
    }
    const timer = setTimeout(() => end([], 'following it took too long'), FOLLOW_MS)
    worker.once('message', (paths: readonly FollowedPath[]) => end(paths, null))
    worker.once('error', (error) => end([], `it could not be followed: ${error.message}`))
  })
}

/** Beside this file. From source, in tests, the build's: threads load no TypeScript. */
function threadUrl(): URL {
  const beside = new URL('./follow-thread.js', import.meta.url)
  if (existsSync(beside)) return beside
  return new URL('../../../dist/lib/probe/follow-thread.js', import.meta.url)
}
