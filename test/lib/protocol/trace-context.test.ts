/** What W3C Trace Context says of each, and what a publisher may send instead. */
import {expect, test} from 'vitest'
import {encodeEnvelope, readEnvelope} from '../../../src/lib/protocol/envelope-codec.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {traceContextFrom} from '../../../src/lib/protocol/trace-context.js'
import {ByteReader} from '../../../src/lib/protocol/wire.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

test.each([
  [PARENT, PARENT],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00', undefined],
  [`cc${PARENT.slice(2)}`, PARENT],
  [`01${PARENT.slice(2)}-what-the-future-will-be-like`, PARENT],
])('%s holds', (traceparent, carried = traceparent) => {
  expect(traceContextFrom({traceparent})).toEqual({traceparent: carried})
})

test.each([
  undefined, null, 7, '', '00', [PARENT], {},
  `ff${PARENT.slice(2)}`,
  PARENT.toUpperCase(),
  ` ${PARENT}`, `${PARENT} `, `${PARENT}\n`, `${PARENT}-`, `${PARENT}-00`, `${PARENT}, ${PARENT}`,
  `01${PARENT.slice(2)}.x`,
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
  PARENT.slice(1), PARENT.replaceAll('-', '_'), PARENT.replace('4b', '4g'),
  `00-${'４'.repeat(32)}-00f067aa0ba902b7-01`,
])('%j is none', (traceparent) => {
  expect(traceContextFrom({traceparent, tracestate: 'a=1'})).toBeUndefined()
})

const many = Array.from({length: 33}, (_, n) => `k${n}=v`)

test.each([
  ['rojo=00f067aa0ba902b7', undefined],
  ['a=1,b=2', undefined],
  [' a=1 ,\tb=2,, ', 'a=1,b=2'],
  ['fw529a3039@dt=FfwAAAAAaWFkIGlz, 0t@s=x y', 'fw529a3039@dt=FfwAAAAAaWFkIGlz,0t@s=x y'],
  [many.slice(1).join(','), undefined],
])('the state %j goes along', (tracestate, carried = tracestate) => {
  expect(traceContextFrom({traceparent: PARENT, tracestate})).toEqual({
    traceparent: PARENT, tracestate: carried,
  })
})

test.each([
  undefined, 7, '', ',,', 'a', '=1', 'a=', 'A=1', '1=1', 'a=1,a=2', 'a=1=2', 'a=ü', 'a=1\nb=2',
  many.join(','), `a=${'v'.repeat(257)}`,
  ['a', 'b', 'c'].map((key) => `${key}=${'v'.repeat(200)}`).join(','),
])('the state %j goes, the parent stays', (tracestate) => {
  expect(traceContextFrom({traceparent: PARENT, tracestate})).toEqual({traceparent: PARENT})
})

const BARE = {
  origin: nodeId('a'), counter: 7, callerId: undefined, target: {kind: 'everyone'},
  payload: encodePayload('hello', ['Hi']),
} as const

test('of a link that says another context than it can have, no message is taken', () => {
  const trace = {traceparent: PARENT, tracestate: 'a=1'}
  const bytes = Buffer.from(encodeEnvelope({...BARE, payload: {...BARE.payload, trace}}))
  const whole = new ByteReader(bytes)
  expect(readEnvelope(whole).payload.trace).toEqual(trace)
  expect(whole.failure).toBeUndefined()
  for (const [right, wrong] of [['4bf9', '4Bf9'], ['a=1', 'a=,']] as const) {
    const broken = Buffer.from(bytes)
    broken.write(wrong, broken.indexOf(right))
    const reader = new ByteReader(broken)
    readEnvelope(reader)
    expect(reader.failure).toMatch(/^the trace context is none/)
  }
})

test('a message without one has the bytes that it always had', () => {
  const bytes = Buffer.from(encodeEnvelope(BARE))
  expect(bytes.toString('hex')).toBe('01610700050568656c6c6f02065b224869225d')
})
