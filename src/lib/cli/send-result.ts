import type {PublishResult} from '../protocol/operator-frame.js'
import {formatDuration} from '../util/duration.js'
import {EXIT} from './exit-code.js'
import {plural} from './plural.js'

/** What `send --json` prints; an API. */
export interface SendJson {
  readonly id: string
  readonly position: string | null
  readonly connections: number
  readonly nodes: number
  readonly ms: number
  /** Connections reached on each node that had any. */
  readonly byNode: Readonly<Record<string, number>>
  /** Only when there are some: members dropped while the message waited for them. */
  readonly missing?: readonly string[]
  /** Only when it is so: delivered before, longer ago than anybody remembers to whom. */
  readonly earlier?: true
}

export function sendJson(result: PublishResult, ms: number): SendJson {
  const reached = result.byNode.filter(({connections}) => connections > 0)
  return {
    id: result.id,
    position: result.position,
    connections: result.connections,
    nodes: reached.length,
    ms: Number(ms.toFixed(2)),
    byNode: Object.fromEntries(reached.map(({node, connections}) => [node, connections])),
    ...(result.missing.length > 0 ? {missing: result.missing} : {}),
    ...(result.earlier === true ? {earlier: true} : {}),
  }
}

/** "delivered to 3 connections on 2 nodes in 4.1 ms". */
export function describeSent(sent: SendJson, forWhom: string): string {
  const time = formatDuration(sent.ms)
  const missing = sent.missing ? `; no word from ${sent.missing.join(', ')}` : ''
  if (sent.earlier === true) {
    const where = sent.position === null ? 'long ago' : `at ${sent.position}`
    return `delivered earlier, ${where}: to how many is forgotten (${time})${missing}`
  }
  if (sent.connections === 0) {
    const isAll = forWhom.startsWith('everyone')
    const why = isAll ? 'nobody is connected' : `no connection of ${forWhom}`
    return `delivered to nobody: ${why} (${time})${missing}`
  }
  const connections = plural(sent.connections, 'connection')
  return `delivered to ${connections} on ${plural(sent.nodes, 'node')} in ${time}${missing}`
}

export function exitOfSent(sent: SendJson): number {
  return sent.connections === 0 && sent.earlier !== true ? EXIT.notDelivered.code : EXIT.ok.code
}
