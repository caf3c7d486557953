import {describe, expect, it} from 'vitest'
import {findHolders, type SnapshotFile} from '../../../src/lib/probe/find-holders.js'

const NODE_TYPES = ['hidden', 'array', 'string', 'object', 'closure', 'synthetic']
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'weak']

interface Drawn {
  readonly type: string
  readonly name: string
  readonly edges?: readonly (readonly [type: string, name: string, to: number])[]
}

/** A snapshot of nodes whose ids are 100, 101, … in their order. */
function draw(nodes: readonly Drawn[]): SnapshotFile {
  const strings: string[] = []
  const text = (value: string): number => {
    if (!strings.includes(value)) strings.push(value)
    return strings.indexOf(value)
  }
  return {
    snapshot: {
      meta: {
        node_fields: ['type', 'name', 'id', 'self_size', 'edge_count'],
        node_types: [NODE_TYPES, 'string'],
        edge_fields: ['type', 'name_or_index', 'to_node'],
        edge_types: [EDGE_TYPES, 'string_or_number'],
      },
    },
    nodes: nodes.flatMap(({type, name, edges = []}, index) => [
      NODE_TYPES.indexOf(type), text(name), 100 + index, 8, edges.length,
    ]),
    edges: nodes.flatMap(({edges = []}) =>
      edges.flatMap(([type, name, to]) => [EDGE_TYPES.indexOf(type), text(name), to * 5]),
    ),
    strings,
  }
}

describe('what holds objects in a snapshot', () => {
  it('is the shortest way, without the nodes of the engine', () => {
    const file = draw([
      {type: 'synthetic', name: '', edges: [['element', '1', 1], ['element', '2', 4]]},
      {type: 'object', name: 'Node', edges: [['property', '#users', 2]]},
      {type: 'object', name: 'Map', edges: [['internal', 'table', 3]]},
      {type: 'array', name: '', edges: [['internal', '7', 6]]},
      {type: 'object', name: 'Far', edges: [['property', 'a', 5]]},
      {type: 'closure', name: 'later', edges: [['context', 'seen', 2]]},
      {type: 'object', name: 'Client'},
    ])
    expect(findHolders(file, {Client: [106]})).toEqual([
      {class: 'Client', path: 'Node.#users → Map[…] → Client', share: 1},
    ])
  })

  it('passes over what holds weakly, and knows nothing of what nobody holds', () => {
    const file = draw([
      {type: 'synthetic', name: '', edges: [['element', '1', 1]]},
      {type: 'object', name: 'Cache', edges: [['weak', 'entry', 2]]},
      {type: 'object', name: 'Client'},
    ])
    expect(findHolders(file, {Client: [102], Nobody: [999]})).toEqual([])
  })

  it('is the commonest way of many, with its share', () => {
    const file = draw([
      {type: 'synthetic', name: '', edges: [['element', '1', 1], ['element', '2', 2]]},
      {type: 'object', name: 'Often', edges: [['property', 'a', 3], ['property', 'a', 4]]},
      {type: 'closure', name: 'seldom', edges: [['context', 'kept', 5]]},
      ...Array.from({length: 3}, () => ({type: 'object', name: 'Client'})),
    ])
    expect(findHolders(file, {Client: [103, 104, 105]})).toEqual([
      {class: 'Client', path: 'Often.a → Client', share: 2 / 3},
    ])
  })

  it('shows the end of a long way', () => {
    const links = Array.from({length: 30}, (_, index) => ({
      type: 'object', name: `Link${index}`, edges: [['property', 'next', index + 2]] as const,
    }))
    const file = draw([
      {type: 'synthetic', name: '', edges: [['element', '1', 1]]},
      ...links,
      {type: 'object', name: 'Client'},
    ])
    const [found] = findHolders(file, {Client: [131]})
    expect(found?.path).toMatch(/^… → Link22\.next → .* → Link29\.next → Client$/)
  })
})
