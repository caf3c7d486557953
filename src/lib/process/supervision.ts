/**
 * What `wsmesh serve --supervise` tells each node that it starts, in one variable of its
 * environment: which sockets the supervisor keeps for it, and where it is to be found by itself.
 */
import {isRecord, parseJson} from '../protocol/json-text.js'

export const SUPERVISION_VARIABLE = 'WSMESH_SUPERVISION'

/** The message of a probe, and the user whom it is for; behind that is a number of its own. */
export const PROBE = {action: 'wsmesh/probe', user: 'wsmesh-supervisor-'} as const

export interface Supervision {
  /** Its pid: a copy of this variable in another process's environment means nothing. */
  readonly supervisor: number
  /** Inherited and bound to the public address; all nodes of the supervisor share it. */
  readonly clientFd: number
  /** The port of that. */
  readonly port: number
  /** The same of the listener of the HTTP API, if it has one of its own. */
  readonly apiFd: number | undefined
  /** A unix socket of this node alone, where it answers everything: the supervisor probes it. */
  readonly privatePath: string
  /**
   * Where other nodes dial it. `public`: at the shared address, which must then be served all the
   * time. `private`: at its unix socket, all nodes being of this machine. `port`: at a port of its
   * own, any free one. `listen`: where `--node-listen` says.
   */
  readonly links: 'public' | 'private' | 'port' | 'listen'
  /** Instead of what the flags say, where each of several nodes needs another. */
  readonly nodeListen: string | undefined
  readonly nodeUrl: string | undefined
  /** Ids of nodes that it saw end, the last ones: a new node need not wait for their lease. */
  readonly ended: readonly string[]
}

export function encodeSupervision(supervision: Supervision): string {
  return JSON.stringify(supervision)
}

export function isSupervised(env: NodeJS.ProcessEnv): boolean {
  return env[SUPERVISION_VARIABLE] !== undefined
}

/**
 * Undefined unless the variable was made by the parent of this process. It is removed, since what
 * this process starts is not supervised.
 */
export function takeSupervision(env: NodeJS.ProcessEnv, ppid: number): Supervision | undefined {
  const text = env[SUPERVISION_VARIABLE]
  if (text === undefined) return undefined
  delete env[SUPERVISION_VARIABLE]
  const json = parseJson(text)
  const read = json.ok ? readSupervision(json.value) : undefined
  return read?.supervisor === ppid ? read : undefined
}

const LINKS = ['public', 'private', 'port', 'listen'] as const

function readSupervision(value: unknown): Supervision | undefined {
  if (!isRecord(value)) return undefined
  const {supervisor, clientFd, port, apiFd, privatePath, nodeListen, nodeUrl, ended} = value
  const links = LINKS.find((each) => each === value['links'])
  if (!isCount(supervisor) || !isCount(clientFd) || !isCount(port)) return undefined
  if (typeof privatePath !== 'string' || links === undefined) return undefined
  return {
    supervisor,
    clientFd,
    port,
    apiFd: isCount(apiFd) ? apiFd : undefined,
    privatePath,
    links,
    nodeListen: typeof nodeListen === 'string' ? nodeListen : undefined,
    nodeUrl: typeof nodeUrl === 'string' ? nodeUrl : undefined,
    ended: Array.isArray(ended) ? ended.filter((id) => typeof id === 'string') : [],
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}
