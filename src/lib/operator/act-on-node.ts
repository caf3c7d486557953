/** Asks one node of the pool to do something with itself. */
import {setTimeout as delay} from 'node:timers/promises'

import {isMarkAlive, markOf} from '../process/process-mark.js'
import {listensAt} from '../transport/port-owner.js'
import {WsmeshError} from '../util/errors.js'
import {pollPool, type PollAccess} from './poll-pool.js'

export const NODE_ACTS = ['drain', 'restart', 'stop', 'step-down'] as const
export type NodeAct = (typeof NODE_ACTS)[number]

/** What can be asked of a node that only a signal reaches. */
export const POSSIBLE_ACTS: readonly NodeAct[] = ['stop']

/** A node that drains gives up after 10 s by itself. */
const STOP_MS = 15_000
const LOOK_MS = 20

export interface ActOutcome {
  readonly node: string
  readonly act: NodeAct
  readonly wasMaster: boolean
  readonly ms: number
}

/**
 * `stop`: the node hands over, closes its clients, leaves, and ends; resolves when it has. For now
 * nodes of this machine alone: the process that listens at the node's address, which has proved to
 * be that node, is sent SIGTERM. Rejects with NODE_UNREACHABLE, with NOT_ALLOWED for a viewer, a
 * node of another machine or another user, and with NODE_FAILED when it does not end.
 */
export async function actOnNode(
  access: PollAccess,
  nodeId: string,
  act: NodeAct,
): Promise<ActOutcome> {
  if (!POSSIBLE_ACTS.includes(act)) throw notHere(nodeId, `it cannot be asked to ${act} yet`)
  const {rights, source} = await access.secret()
  if (rights !== 'operator') {
    throw new WsmeshError('NOT_ALLOWED', `${source} is a viewer's secret: it stops nothing`)
  }
  const {nodes: [node]} = await pollPool(
    access, (connection, {left}) => connection.stats(left()), {only: nodeId})
  if (node?.answer === undefined) {
    throw new WsmeshError('NODE_UNREACHABLE', `Node ${nodeId} does not answer`, {
      cause: new Error(node?.why ?? 'no answer'),
    })
  }
  const {pid, role} = node.answer
  await assertIsHere(nodeId, node.url, pid)
  const startMs = performance.now()
  await stopProcess(nodeId, pid)
  return {node: nodeId, act, wasMaster: role === 'master', ms: performance.now() - startMs}
}

/** A pid means nothing on another machine, nor in another container. */
async function assertIsHere(nodeId: string, url: string, pid: number): Promise<void> {
  const [, path] = /^ws\+unix:(.*):[^:]*$/.exec(url) ?? []
  const at = path === undefined ? {port: portOf(url)} : {path}
  if (await listensAt(pid, at)) return
  throw notHere(nodeId, 'it is no process of this machine and this user')
}

function portOf(url: string): number {
  return URL.canParse(url) ? Number(new URL(url).port) : 0
}

async function stopProcess(nodeId: string, pid: number): Promise<void> {
  const mark = markOf(pid)
  if (mark === undefined) return
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It ended by itself meanwhile, or is another user's: then it goes on, and that is said below.
  }
  const endMs = performance.now() + STOP_MS
  for (;;) {
    if (!isMarkAlive(mark)) return
    if (performance.now() > endMs) throw stillThere(nodeId, pid)
    await delay(LOOK_MS)
  }
}

function stillThere(nodeId: string, pid: number): WsmeshError {
  return new WsmeshError('NODE_FAILED', `Node ${nodeId} was asked to stop, and has not ended`, {
    suggestions: [`kill ${pid}   (once more: at once)`],
  })
}

function notHere(nodeId: string, why: string): WsmeshError {
  return new WsmeshError('NOT_ALLOWED', `Node ${nodeId} cannot be stopped from here: ${why}`, {
    suggestions: ['on its machine: systemctl stop …, or kill its process'],
  })
}
