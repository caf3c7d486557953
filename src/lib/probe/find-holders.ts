/** The shortest way from a root to an object of a heap snapshot, as V8 writes them. Pure. */
import {assert} from '../util/assert.js'

/** The part of the file that is read; `meta` says how the flat lists are to be read. */
export interface SnapshotFile {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly (readonly string[] | string)[]
      readonly edge_fields: readonly string[]
      readonly edge_types: readonly (readonly string[] | string)[]
    }
  }
  readonly nodes: readonly number[]
  readonly edges: readonly number[]
  readonly strings: readonly string[]
}

export interface FoundPath {
  readonly class: string
  readonly path: string
  /** Of the objects that were looked for, the share that hangs there. */
  readonly share: number
}

/** Hops that are shown; the middle of a longer way is left out. */
const HOPS_MAX = 9

/** Of each class the commonest way to its objects, which are given by their numbers. */
export function findHolders(
  file: SnapshotFile,
  ids: Readonly<Record<string, readonly number[]>>,
): FoundPath[] {
  const graph = new Graph(file)
  const found: FoundPath[] = []
  for (const [name, wanted] of Object.entries(ids)) {
    const counts = new Map<string, number>()
    for (const id of wanted) {
      const path = graph.pathTo(id)
      if (path !== undefined) counts.set(path, (counts.get(path) ?? 0) + 1)
    }
    const [best] = [...counts].toSorted((a, b) => b[1] - a[1])
    if (best) found.push({class: name, path: best[0], share: best[1] / wanted.length})
  }
  return found
}

class Graph {
  readonly #file: SnapshotFile
  readonly #nodeSize: number
  readonly #edgeSize: number
  readonly #typeNames: readonly string[]
  readonly #edgeTypeNames: readonly string[]
  readonly #nodeOf = new Map<number, number>()
  /** Of each node the edge by which it was reached first, and the node that the edge leaves. */
  readonly #edgeTo: Int32Array
  readonly #parentOf: Int32Array

  constructor(file: SnapshotFile) {
    const {node_fields: nodeFields, node_types: nodeTypes} = file.snapshot.meta
    const {edge_fields: edgeFields, edge_types: edgeTypes} = file.snapshot.meta
    const known = 'type,name,id,self_size,edge_count'
    assert(nodeFields.slice(0, 5).join() === known, 'a snapshot with other nodes')
    assert(edgeFields.join() === 'type,name_or_index,to_node', 'a snapshot with other edges')
    this.#file = file
    this.#nodeSize = nodeFields.length
    this.#edgeSize = edgeFields.length
    this.#typeNames = namesOf(nodeTypes[0])
    this.#edgeTypeNames = namesOf(edgeTypes[0])
    const count = file.nodes.length / this.#nodeSize
    this.#edgeTo = new Int32Array(count).fill(-1)
    this.#parentOf = new Int32Array(count).fill(-1)
    this.#walk(this.#firstEdges(count))
  }

  #firstEdges(count: number): Int32Array {
    const first = new Int32Array(count + 1)
    for (let node = 0; node < count; node += 1) {
      first[node + 1] = (first[node] ?? 0) + (this.#file.nodes[node * this.#nodeSize + 4] ?? 0)
      this.#nodeOf.set(this.#file.nodes[node * this.#nodeSize + 2] ?? 0, node)
    }
    return first
  }

  /** Breadth first from the root; what is held weakly alone is not held. */
  #walk(first: Int32Array): void {
    const {edges} = this.#file
    let front = [0]
    this.#parentOf[0] = 0
    while (front.length > 0) {
      const next: number[] = []
      for (const node of front) {
        for (let edge = first[node] ?? 0; edge < (first[node + 1] ?? 0); edge += 1) {
          const at = edge * this.#edgeSize
          if (this.#edgeTypeNames[edges[at] ?? 0] === 'weak') continue
          const to = (edges[at + 2] ?? 0) / this.#nodeSize
          if (this.#parentOf[to] !== -1) continue
          this.#parentOf[to] = node
          this.#edgeTo[to] = edge
          next.push(to)
        }
      }
      front = next
    }
  }

  pathTo(id: number): string | undefined {
    const node = this.#nodeOf.get(id)
    if (node === undefined || this.#parentOf[node] === -1) return undefined
    const hops: string[] = []
    for (let at = node; at !== 0; at = this.#parentOf[at] ?? 0) {
      const parent = this.#parentOf[at] ?? 0
      const hop = this.#hop(parent, this.#edgeTo[at] ?? 0)
      if (hop !== undefined) hops.unshift(hop)
    }
    hops.push(this.#nameOf(node))
    if (hops.length <= HOPS_MAX) return hops.join(' → ')
    return ['…', ...hops.slice(-HOPS_MAX)].join(' → ')
  }

  /** `Class.property`; nothing for the engine's own nodes in between. */
  #hop(node: number, edge: number): string | undefined {
    const type = this.#typeOf(node)
    if (type === 'synthetic' || type === 'hidden' || type === 'array' || type === 'code') {
      return undefined
    }
    const {edges, strings} = this.#file
    const at = edge * this.#edgeSize
    const edgeType = this.#edgeTypeNames[edges[at] ?? 0] ?? ''
    const name = edges[at + 1] ?? 0
    const isNamed = edgeType === 'property' || edgeType === 'context'
    const owner = this.#nameOf(node)
    if (isNamed) return `${owner}.${strings[name] ?? ''}`
    if (edgeType === 'internal' && strings[name] !== 'table') {
      return owner.startsWith('system /') ? undefined : owner
    }
    return `${owner}[…]`
  }

  #typeOf(node: number): string {
    return this.#typeNames[this.#file.nodes[node * this.#nodeSize] ?? 0] ?? ''
  }

  #nameOf(node: number): string {
    const name = this.#file.strings[this.#file.nodes[node * this.#nodeSize + 1] ?? 0] ?? ''
    if (this.#typeOf(node) === 'closure') return `function ${name}`
    return name.length > 60 ? `${name.slice(0, 59)}…` : name
  }
}

function namesOf(types: readonly string[] | string | undefined): readonly string[] {
  return Array.isArray(types) ? types : []
}
