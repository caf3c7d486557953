/** Where each node of a supervisor is dialled by others, and whether two may stand side by side. */
import type {ServeOptions} from '../node/serve.js'
import {checkListen} from '../node/node-addresses.js'
import type {Supervision} from '../process/supervision.js'
import {WsmeshError} from '../util/errors.js'

export interface Places {
  /** A successor has an address of its own, and may be there before its predecessor goes. */
  readonly overlaps: boolean
  readonly supervision: Pick<Supervision, 'links' | 'nodeListen' | 'nodeUrl'>
}

type Asked = Pick<ServeOptions, 'pool' | 'nodeListen' | 'nodeUrl'>

/** Throws USAGE for addresses that several nodes cannot share. */
export function placesFor(
  {pool, nodeListen, nodeUrl}: Asked, workers: number, worker: number,
): Places {
  if (workers > 1 && nodeUrl !== undefined) {
    throw new WsmeshError('USAGE', '--node-url is the address of one node, not of several', {
      suggestions: ['--node-listen 10.0.0.5:9000   (each worker gets the next port)'],
    })
  }
  const none = {nodeListen: undefined, nodeUrl: undefined}
  if (nodeListen !== undefined) {
    const at = checkListen('--node-listen', nodeListen)
    const links = 'listen' as const
    if (at.type === 'socket') {
      const own = workers > 1 ? `${nodeListen}.${worker + 1}` : nodeListen
      return {overlaps: false, supervision: {...none, links, nodeListen: own}}
    }
    if (at.port === 0) return {overlaps: nodeUrl === undefined, supervision: {...none, links}}
    const host = at.host.includes(':') ? `[${at.host}]` : at.host
    const port = at.port + worker
    if (port > 65_535) {
      throw new WsmeshError('USAGE', `--node-listen: no port ${port} for worker ${worker + 1}`)
    }
    return {overlaps: false, supervision: {...none, links, nodeListen: `${host}:${port}`}}
  }
  const isOfOneMachine = pool === undefined || pool.startsWith('sqlite:')
  if (isOfOneMachine && nodeUrl === undefined) {
    return {overlaps: true, supervision: {...none, links: 'private'}}
  }
  if (workers === 1) return {overlaps: false, supervision: {...none, links: 'public'}}
  return {overlaps: true, supervision: {...none, links: 'port'}}
}
