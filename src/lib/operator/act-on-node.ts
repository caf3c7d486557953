/** Asks one node of the mesh to leave it, or to step down; from wherever the mesh is reached. */
import type {ActEvent, ActResult, NodeAct} from '../protocol/act-frame.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import type {MeshAccess} from './mesh-access.js'
import type {OperatorConnection} from './operator-connection.js'
import {listNodes} from './poll-pool.js'
import {isCalled, resolveNode} from './resolve-node.js'

export type {NodeAct}

export interface ActOptions {
  /** Also where the mesh ends with it, or nothing starts it again. */
  readonly isSure?: boolean
  /** Of `drain` and `restart`: in place of the node's own --drain-seconds. */
  readonly overMs?: number | undefined
  /** It goes on: clients are being led away. */
  readonly onStep?: (event: ActEvent) => void
}

export interface ActOutcome {
  readonly node: string
  readonly act: NodeAct
  readonly wasMaster: boolean
  /** As the node saw it last; null: none, or not known. */
  readonly master: string | null
  readonly term: number
  /** Connections that were told to go to another node. */
  readonly clients: number
  /** From the order until another led; null where nothing was handed over. */
  readonly handoverMs: number | null
  readonly ms: number
  /** Who starts it again; null: nobody that it knows of. */
  readonly supervisor: string | null
}

/**
 * Resolves when it is done; a node that left has then left the pool, too. `wanted`: see
 * resolveNode. The access's time is for finding the node and asking it: how long the act may take
 * it says itself. Rejects with NODE_UNREACHABLE, NOT_ALLOWED for a viewer, NODE_REFUSED where the
 * node has reasons (it is the only one; nothing would start it again) that `isSure` may overrule,
 * NODE_FAILED when nobody took over or it ended otherwise, TIMED_OUT.
 */
export async function actOnNode(
  access: MeshAccess,
  wanted: string,
  act: NodeAct,
  options: ActOptions = {},
): Promise<ActOutcome> {
  await access.secret()
  const {nodeUrl} = access
  const {id, url} = nodeUrl === undefined
    ? resolveNode((await listNodes(access, true)).nodes, wanted)
    : {id: undefined, url: nodeUrl}
  const connection = await access.connect(url, {timeoutMs: access.leftMs()})
  try {
    assertMeant(connection, id, wanted)
    return await ask(connection, access.leftMs(), act, options)
  } finally {
    connection.close()
  }
}

/** What answers at an address may be another node by now, or may always have been. */
function assertMeant(
  {node, url}: OperatorConnection, id: string | undefined, wanted: string,
): void {
  const isMeant = id === undefined ? isCalled({id: node, url}, wanted) : node === id
  if (isMeant) return
  const message = `Node ${id ?? wanted} is not the one at ${url}: ${node} is`
  throw new WsmeshError('NODE_UNREACHABLE', message, {
    suggestions: ['wsmesh pool list   (which nodes are where)'],
  })
}

async function ask(
  connection: OperatorConnection,
  timeoutMs: number,
  act: NodeAct,
  {isSure = false, overMs, onStep}: ActOptions,
): Promise<ActOutcome> {
  const {node} = connection
  const isPaced = overMs !== undefined && (act === 'drain' || act === 'restart')
  const query = {act, ...(isPaced && {overMs}), ...(isSure && {sure: true as const})}
  let handoverMs: number | null = null
  let onDone: ((event: ActEvent) => void) | undefined
  const done = new Promise<ActEvent>((resolve) => (onDone = resolve))
  const begun = await connection
    .act(query, timeoutMs, (event) => {
      if (event.step === 'handed-over') handoverMs = event.ms
      if (event.step === 'done') onDone?.(event)
      else onStep?.(event)
    })
    .catch((error: unknown) => {
      throw tooOld(error, node)
    })
  const {master, term, clients, left, ms} = await outcomeOf(connection, begun, done)
  const {wasMaster, supervisor} = begun
  if (act === 'step-down') {
    if (master === node) throw notTaken(node)
    return {node, act, wasMaster, master, term, clients: 0, handoverMs: ms, ms, supervisor}
  }
  return {node, act, wasMaster, master, term, clients: clients - left, handoverMs, ms, supervisor}
}

/** The last word of the node, unless it goes without one or takes too long. */
async function outcomeOf(
  {node, closed}: OperatorConnection,
  {act, withinMs}: ActResult,
  done: Promise<ActEvent>,
): Promise<ActEvent> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const time = formatDuration(withinMs)
      reject(new WsmeshError('TIMED_OUT', `Node ${node} is not done with ${act} after ${time}`, {
        suggestions: ['wsmesh pool list   (is it still there?)', `wsmesh node stop ${node}`],
      }))
    }, withinMs)
  })
  const cut = closed.then((why): never => {
    throw new WsmeshError('NODE_FAILED', `Node ${node} went away before it was done with ${act}`, {
      cause: new Error(why), suggestions: ['wsmesh pool list'],
    })
  })
  // Whichever comes later is heard by nobody.
  cut.catch(() => undefined)
  try {
    return await Promise.race([done, cut, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A node of before these requests says that it knows no such one. */
function tooOld(error: unknown, node: string): unknown {
  const isOld = error instanceof WsmeshError && error.code === 'REQUEST_INVALID'
    && error.message.includes('op "act"')
  if (!isOld) return error
  return new WsmeshError('PROTOCOL_VERSION_UNSUPPORTED', `Node ${node} is of an older wsmesh`, {
    cause: error,
    suggestions: ['send its process SIGTERM: it drains   (systemctl stop …, or kill PID)'],
  })
}

function notTaken(node: string): WsmeshError {
  return new WsmeshError('NODE_FAILED', `Nobody took over from ${node} in time: it goes on`, {
    suggestions: ['wsmesh pool list   (do others follow it?)', 'once more'],
  })
}
