import {createHash} from 'node:crypto'
import {describe, expect, it} from 'vitest'
import {encodeHandshakeFrame} from '../../../src/lib/protocol/handshake-frame.js'
import {
  decodeNodeFrame,
  encodeNodeFrame,
  NODE_FRAME_TYPES,
} from '../../../src/lib/protocol/node-codec.js'
import {NODE_PROTOCOL} from '../../../src/lib/protocol/version.js'
import {GOLDEN_FRAMES} from './golden-frames.js'

/** What each version of the node protocol says on the wire, for good. */
const HASHES: Readonly<Record<number, string>> = {
  1: '79f694401b77a9dabd5274e5fe307504670957afb9301b15313f6198e1cfe208',
}

const CHANGED =
  'The wire form changed: nodes of the last release cannot read it. ' +
  'If it was released, bump NODE_PROTOCOL and its history in version.ts and add the new hash here.'

describe('the version of the node protocol', () => {
  it('stands for one wire form', () => {
    const hash = createHash('sha256')
    for (const type of NODE_FRAME_TYPES) hash.update(encodeNodeFrame(GOLDEN_FRAMES[type]))
    const nonce = 'A'.repeat(43)
    hash.update(
      encodeHandshakeFrame({
        type: 'proof',
        role: 'node',
        node: 'a',
        nonce,
        version: NODE_PROTOCOL,
        mac: nonce,
      }),
    )
    expect(hash.digest('hex'), CHANGED).toBe(HASHES[NODE_PROTOCOL])
  })

  it('has an example of each type, which comes back', () => {
    for (const type of NODE_FRAME_TYPES) {
      const frame = GOLDEN_FRAMES[type]
      expect(decodeNodeFrame(encodeNodeFrame(frame))).toEqual({ok: true, value: frame})
    }
    expect(Object.keys(GOLDEN_FRAMES).toSorted()).toEqual([...NODE_FRAME_TYPES].toSorted())
  })
})
