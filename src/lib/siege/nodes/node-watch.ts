/** How the besieged nodes are, second by second: as they say, and /proc where they are near. */
import {isIP} from 'node:net'
import {networkInterfaces} from 'node:os'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import type {OperatorConnection} from '../../operator/operator-connection.js'
import type {NodeStats} from '../../protocol/operator-frame.js'
import {findPortOwner} from '../../transport/port-owner.js'
import {WsmeshError} from '../../util/errors.js'
import type {AttackTarget} from '../attack/job.js'
import type {NodeReport, NodeSample} from '../run-report.js'
import type {LocalNode} from '../faults/local-faults.js'
import {processUse} from './process-use.js'

const ASK_MS = 900

interface Watched {
  target: AttackTarget
  readonly isNear: boolean
  readonly samples: NodeSample[]
  connection: OperatorConnection | undefined
  isDialling: boolean
  pid: number | undefined
  role: string
  cpuMs: number | undefined
  atMs: number
  /** Over the load. */
  usedMs: number
  overMs: number
}

const UNKNOWN = {
  connections: null, rssBytes: null, heapBytes: null, cpuPercent: null, loopDelayMs: null,
  queueBytes: null, role: null,
} as const

export class NodeWatch {
  readonly #nodes: readonly Watched[]
  readonly #secret: MeshSecret | undefined

  constructor(targets: readonly AttackTarget[], secret: MeshSecret | undefined) {
    this.#secret = secret
    this.#nodes = targets.map((target) => ({
      target, isNear: isOfThisMachine(new URL(target.clientUrl).hostname), samples: [],
      connection: undefined, isDialling: false, pid: undefined, role: '',
      cpuMs: undefined, atMs: 0, usedMs: 0, overMs: 0,
    }))
  }

  /** Nodes have other addresses now; in the same order. */
  retarget(targets: readonly AttackTarget[]): void {
    for (const [index, target] of targets.entries()) {
      const node = this.#nodes[index]
      if (node === undefined || node.target.operatorUrl === target.operatorUrl) continue
      node.target = target
      node.connection?.close()
      node.connection = undefined
    }
  }

  /** Which processes of this machine they are, as far as they do not say it themselves. */
  async find(): Promise<void> {
    for (const node of this.#nodes) {
      const isSilent = node.target.operatorUrl === undefined || this.#secret === undefined
      if (!node.isNear || !isSilent) continue
      node.pid = (await findPortOwner(portOf(node.target.clientUrl)))?.pid
    }
  }

  /** Asks all once; resolves with what they said, in their order. Never rejects. */
  sample(atS: number, isLoad: boolean): Promise<readonly (NodeSample & {readonly node: string})[]> {
    return Promise.all(this.#nodes.map(async (node) => {
      const sample = await this.#sampleOf(node, atS, isLoad)
      node.samples.push(sample)
      return {node: node.target.name, ...sample}
    }))
  }

  reports(): readonly NodeReport[] {
    return this.#nodes.map(({target, pid, role, samples, usedMs, overMs}) => ({
      node: target.name,
      url: target.clientUrl,
      pid: pid ?? null,
      role,
      samples,
      cpuPercent: overMs === 0 ? null : Math.round((usedMs / overMs) * 1000) / 10,
    }))
  }

  /** As they were a second ago at most. */
  localNodes(): readonly LocalNode[] {
    return this.#nodes.map(({target, role, pid, isNear}) => ({
      name: target.name, role, pid: isNear ? pid : undefined,
    }))
  }

  close(): void {
    for (const {connection} of this.#nodes) connection?.close()
  }

  async #sampleOf(node: Watched, atS: number, isLoad: boolean): Promise<NodeSample> {
    const stats = await this.#statsOf(node)
    if (stats !== undefined) {
      if (node.pid !== stats.pid) node.cpuMs = undefined
      node.pid = stats.pid
      node.role = stats.role
    }
    const use = node.isNear && node.pid !== undefined ? await processUse(node.pid) : undefined
    const cpuPercent = cpuOf(node, use?.cpuMs, isLoad)
    if (stats === undefined) {
      const isAway = node.target.operatorUrl !== undefined && this.#secret !== undefined
      if (isAway) node.role = 'away'
      return {atS, ...UNKNOWN, cpuPercent, rssBytes: use?.rssBytes ?? null,
        role: isAway ? 'away' : null}
    }
    const {connections, rssBytes, heapBytes, loopDelayMs = null, queueBytes, role} = stats
    return {atS, connections, rssBytes, heapBytes, cpuPercent, loopDelayMs, queueBytes, role}
  }

  async #statsOf(node: Watched): Promise<NodeStats | undefined> {
    try {
      const connection = await this.#connectionOf(node)
      return await connection?.stats(ASK_MS)
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      // It is away, which is what the sample says.
      node.connection?.close()
      node.connection = undefined
      return undefined
    }
  }

  async #connectionOf(node: Watched): Promise<OperatorConnection | undefined> {
    const {target} = node
    if (target.operatorUrl === undefined || this.#secret === undefined) return undefined
    if (node.connection !== undefined && !node.connection.isOver) return node.connection
    if (node.isDialling) return undefined
    node.isDialling = true
    try {
      const {connectOperator} = await import('../../operator/operator-client.js')
      node.connection = await connectOperator({
        url: target.operatorUrl, secret: this.#secret, timeoutMs: ASK_MS,
      })
      return node.connection
    } finally {
      node.isDialling = false
    }
  }
}

function cpuOf(node: Watched, cpuMs: number | undefined, isLoad: boolean): number | null {
  const nowMs = performance.now()
  const before = {cpuMs: node.cpuMs, atMs: node.atMs}
  node.cpuMs = cpuMs
  node.atMs = nowMs
  if (cpuMs === undefined || before.cpuMs === undefined || nowMs <= before.atMs) return null
  const usedMs = cpuMs - before.cpuMs
  const overMs = nowMs - before.atMs
  if (isLoad) {
    node.usedMs += usedMs
    node.overMs += overMs
  }
  return Math.round((usedMs / overMs) * 1000) / 10
}

function portOf(url: string): number {
  const {port, protocol} = new URL(url)
  if (port !== '') return Number(port)
  return protocol === 'wss:' || protocol === 'https:' ? 443 : 80
}

function isOfThisMachine(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true
  if (isIP(host) === 0) return false
  return Object.values(networkInterfaces()).flat().some((one) => one?.address === host)
}
