/** What a person may type to name a node. */
import {expect, it} from 'vitest'
import {resolveNode} from '../../../src/lib/operator/resolve-node.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const nodes = ['n-5ca68f81 10.0.0.5:8080', 'n-5cb00000 10.0.0.6:8080', 'web3 10.0.0.7:8080']
  .map((text) => text.split(' '))
  .map(([id = '', at]) => ({id: nodeId(id), url: `ws://${at}/mesh`}))
const [first, , third] = nodes

it.each([
  ['n-5ca68f81', first],
  ['n-5ca', first],
  ['5ca', first],
  ['w', third],
  ['10.0.0.7:8080', third],
  ['ws://10.0.0.5:8080/mesh', first],
  ['10.0.0.9:8080', {id: undefined, url: 'ws://10.0.0.9:8080/mesh'}],
])('%s', (wanted, found) => {
  expect(resolveNode(nodes, wanted)).toEqual(found)
})

it('one whose name is the start of another is meant by its whole name', () => {
  const both = [{id: nodeId('a1'), url: 'ws://h:2/mesh'}, {id: nodeId('a'), url: 'ws://h:1/mesh'}]
  expect(resolveNode(both, 'a')).toEqual(both[1])
})

it.each([
  ['5c', 'USAGE', '2 nodes begin with 5c: which one?'],
  ['5d', 'NODE_UNREACHABLE', 'No node of this pool is called 5d'],
  ['', 'NODE_UNREACHABLE', 'No node of this pool is called ""'],
  ['http://', 'USAGE', 'http://'],
])('%j is none', (wanted, code, text) => {
  expect(() => resolveNode(nodes, wanted)).toThrow(expect.objectContaining({code}))
  expect(() => resolveNode(nodes, wanted)).toThrow(text)
})

it('names those that there are, and not thousands', () => {
  const many = Array.from({length: 30}, (_, n) => ({id: nodeId(`n-${n}`), url: `ws://h:${n}/mesh`}))
  const error = () => resolveNode(many, 'x')
  expect(error).toThrow(expect.objectContaining({
    cause: expect.objectContaining({message: expect.stringMatching(/n-9 at ws.*\nand 20 more$/)}),
  }))
})
