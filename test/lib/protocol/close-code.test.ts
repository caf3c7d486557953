import {describe, expect, it} from 'vitest'
import {CLOSE, shouldReconnect} from '../../../src/lib/protocol/close-code.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'

const codes = Object.entries(CLOSE)

describe('close codes', () => {
  it('are different, and so are their reasons', () => {
    expect(new Set(codes.map(([, {code}]) => code)).size).toBe(codes.length)
    expect(new Set(codes.map(([, {reason}]) => reason)).size).toBe(codes.length)
  })

  it.each(codes)('%s fits the wire and the ranges', (_, {code, reason}) => {
    expect(code).toBeGreaterThanOrEqual(4000)
    expect(code).toBeLessThanOrEqual(4999)
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(LIMITS.closeReasonBytes)
  })

  it.each([
    ['drain', true],
    ['slowConsumer', true],
    ['isolated', true],
    ['sessionExpired', true],
    ['unauthenticated', false],
    ['kicked', false],
    ['badFrame', false],
  ] as const)('after %s a client should connect again: %s', (name, should) => {
    expect(shouldReconnect(CLOSE[name].code)).toBe(should)
  })

  it('of others are no reason to stay away', () => {
    expect(shouldReconnect(1006)).toBe(true)
  })
})
