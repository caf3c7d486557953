/** `wsmesh reload`: has the supervisors of this machine replace their nodes, and waits for them. */
import {setTimeout as delay} from 'node:timers/promises'

import {WsmeshError} from '../util/errors.js'
import {findSupervisor, listSupervisors} from './node-files.js'
import type {Replaced, Reloads, SupervisorFile} from './node-files.js'
import {requestReload} from './reload-request.js'

export interface ReloadAllOptions {
  readonly dataDir: string
  /** This one alone. */
  readonly pid: number | undefined
  /** Of all of it. */
  readonly timeoutMs: number
  readonly onSupervisor: (file: SupervisorFile) => void
  readonly onReplaced: (replaced: Replaced) => void
}

/** What `wsmesh reload --json` prints; an API. */
export interface ReloadJson {
  readonly supervisors: readonly ReloadedSupervisor[]
}

export interface ReloadedSupervisor {
  readonly pid: number
  readonly command: string
  readonly replaced: readonly Replaced[]
  /** `skipped`: one before it failed, so it was not asked. */
  readonly outcome: 'done' | 'failed' | 'skipped'
  /** What the new node ended of; the nodes that are not in `replaced` stay as they were. */
  readonly why: string | null
}

const LOOK_MS = 100

/**
 * One supervisor after the other, and none after one whose new node did not start: the rest goes
 * on with what works. Rejects with NODE_UNREACHABLE where there is none, NODE_FAILED for one that
 * ended meanwhile, TIMED_OUT.
 */
export async function reloadAll(options: ReloadAllOptions): Promise<ReloadJson> {
  const {dataDir, timeoutMs} = options
  const untilMs = performance.now() + timeoutMs
  const supervisors: ReloadedSupervisor[] = []
  let hasFailed = false
  for (const file of await chosen(options)) {
    const {pid, command} = file
    if (hasFailed) {
      supervisors.push({pid, command, replaced: [], outcome: 'skipped', why: null})
      continue
    }
    options.onSupervisor(file)
    const {reloads: {begun}} = await requestReload(dataDir, pid)
    // One that is under way began before this one was asked for: the next is ours.
    const {replaced, failed} = await reloaded(options, pid, begun + 1, untilMs)
    hasFailed = failed !== null
    supervisors.push({pid, command, replaced, outcome: hasFailed ? 'failed' : 'done', why: failed})
  }
  return {supervisors}
}

async function chosen(
  {dataDir, pid}: ReloadAllOptions,
): Promise<readonly SupervisorFile[]> {
  const all = await listSupervisors(dataDir)
  const found = pid === undefined ? all : all.filter((file) => file.pid === pid)
  if (found.length > 0) return found.toSorted((a, b) => a.startedAt - b.startedAt)
  const which = pid === undefined ? 'No supervisor runs' : `Process ${pid} is no supervisor`
  const others = all.map((file) => `wsmesh reload --supervisor ${file.pid}   (${file.command})`)
  throw new WsmeshError('NODE_UNREACHABLE', `${which} in the data folder ${dataDir}`, {
    suggestions: all.length > 0 ? others : [
      'wsmesh serve --supervise   (a node without a supervisor is restarted by whoever keeps it)',
      'Give the data folder of those that run: --data-dir or WSMESH_DATA_DIR',
    ],
  })
}

async function reloaded(
  {dataDir, onReplaced}: ReloadAllOptions, pid: number, reload: number, untilMs: number,
): Promise<Reloads> {
  let told = 0
  while (performance.now() < untilMs) {
    const reloads = (await findSupervisor(dataDir, pid))?.reloads
    if (reloads === undefined) {
      throw new WsmeshError('NODE_FAILED', `The supervisor ${pid} ended before its reload did`, {
        suggestions: ['Its log says why', 'wsmesh pool list'],
      })
    }
    if (reloads.begun >= reload) {
      for (const each of reloads.replaced.slice(told)) onReplaced(each)
      told = reloads.replaced.length
      if (reloads.ended >= reload) return reloads
    }
    await delay(LOOK_MS)
  }
  throw new WsmeshError('TIMED_OUT', `The supervisor ${pid} is not done yet: it goes on`, {
    suggestions: ['wsmesh pool list', '--timeout 10m'],
  })
}
