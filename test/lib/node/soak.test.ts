import {describe, expect, it} from 'vitest'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'
import {SAMPLED_HEAP_BYTES_MAX, Soak, type Probe} from '../../../src/lib/node/soak.js'

function bench(probe: Partial<Probe>) {
  const sample = withResolvers<never>()
  const soak = new Soak(() => ({}) as never, {
    sample: () => sample.promise,
    snapshot: () => Promise.reject(new Error('Not asked for here')),
    heapBytes: () => 1000,
    ...probe,
  })
  return {soak, sample}
}

describe('no sample', () => {
  it('is taken beside another one', async () => {
    const {soak, sample} = bench({})
    const first = soak.answer({})
    expect(await soak.answer({})).toMatchObject({status: 429})
    sample.reject(new Error('no inspector'))
    expect(await first).toEqual({
      status: 501, why: 'This process cannot be sampled: no inspector',
    })
    expect(await soak.answer({})).toMatchObject({status: 501})
  })

  it('is taken of a heap that would stop the node for seconds', async () => {
    const {soak} = bench({heapBytes: () => SAMPLED_HEAP_BYTES_MAX + 1})
    const why = 'Counting a heap of 256 MiB would stop the node for seconds'
    expect(await soak.answer({})).toEqual({status: 503, why})
  })

  it('is taken before the node has started', async () => {
    const soak = new Soak(() => undefined)
    expect(await soak.answer({})).toEqual({status: 503, why: 'The node is starting'})
  })
})
