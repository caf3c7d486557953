import {createHash} from 'node:crypto'
import {readFile, rename, unlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {ensureDataDir} from '../auth/data-dir.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {isNodeId, type NodeId} from '../util/brand.js'

/** A node as it was last seen in the pool. */
export interface KnownNode {
  readonly id: NodeId
  readonly url: string
  readonly clientUrl: string
  readonly order: number
  readonly pid: number
  readonly version: string
}

/** The addresses seen last, so that commands work while the pool store does not answer. */
export interface AddressBook {
  /** Empty when there is no memory, or rubbish in its place. */
  recall(): Promise<readonly KnownNode[]>
  /** Best effort: a command that worked does not fail because it cannot be remembered. */
  remember(nodes: readonly KnownNode[]): Promise<void>
}

const NODES_MAX = 1000

/** A file in the data folder for each pool. `poolName`: its label (no password) and prefix. */
export function fileAddressBook(dataDir: string, poolName: string): AddressBook {
  const name = createHash('sha256').update(poolName).digest('hex').slice(0, 16)
  const path = join(dataDir, `nodes-${name}.json`)
  let lastText = ''
  return {
    async recall() {
      try {
        lastText = await readFile(path, 'utf8')
      } catch {
        return [] // Not there, or not ours to read: nothing is remembered then.
      }
      return parseNodes(lastText)
    },
    async remember(nodes) {
      const text = `${JSON.stringify({nodes: nodes.slice(0, NODES_MAX).map(known)})}\n`
      if (nodes.length === 0 || text === lastText) return
      const draft = `${path}.${process.pid}`
      try {
        await ensureDataDir(dataDir)
        await writeFile(draft, text, {mode: 0o600})
        await rename(draft, path)
        lastText = text
      } catch {
        // A read-only home or a full disk: see the contract. The draft may be left; it is small.
        await unlink(draft).catch(() => undefined)
      }
    },
  }
}

function known({id, url, clientUrl, order, pid, version}: KnownNode): KnownNode {
  return {id, url, clientUrl, order, pid, version}
}

function parseNodes(text: string): readonly KnownNode[] {
  const read = parseJson(text)
  const nodes = read.ok && isRecord(read.value) ? read.value['nodes'] : undefined
  return Array.isArray(nodes) ? nodes.slice(0, NODES_MAX).filter(isKnownNode) : []
}

function isKnownNode(value: unknown): value is KnownNode {
  if (!isRecord(value)) return false
  const {id, url, clientUrl, order, pid, version} = value
  return (
    typeof id === 'string' &&
    isNodeId(id) &&
    [url, clientUrl, version].every((item) => typeof item === 'string') &&
    [order, pid].every((item) => typeof item === 'number')
  )
}
