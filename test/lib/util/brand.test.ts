import {describe, expect, it} from 'vitest'
import {isNodeId, nodeId} from '../../../src/lib/util/brand.js'

describe('a node id', () => {
  it.each(['a', '7', 'n1', 'web-1', 'a'.repeat(32), '0-'])('may be %s', (text) => {
    expect(isNodeId(text)).toBe(true)
    expect(nodeId(text)).toBe(text)
  })

  it.each(['', '-a', 'A', 'a b', 'a_b', 'é', 'a\n', 'a'.repeat(33)])('may not be %j', (text) => {
    expect(isNodeId(text)).toBe(false)
    expect(() => nodeId(text)).toThrow(RangeError)
  })
})
