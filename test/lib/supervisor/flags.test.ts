/** What the flags of `wsmesh serve --supervise` may say. */
import {expect, it} from 'vitest'

import {superviseOptionsOf, type SuperviseFlagValues} from '../../../src/lib/cli/supervise-flags.js'
import {placesFor} from '../../../src/lib/supervisor/places.js'

const flags: SuperviseFlagValues = {supervise: true, 'probe-interval': 10_000, 'on-hang': 'report'}
const alone = {pool: undefined, nodeListen: undefined, nodeUrl: undefined}

it.each<[Partial<SuperviseFlagValues>, string]>([
  [{supervise: false, workers: '2'}, '--workers needs --supervise'],
  [{supervise: false, 'max-rss': '1G'}, '--max-rss needs --supervise'],
  [{workers: '0'}, '1 to 64'],
  [{workers: '65'}, '1 to 64'],
  [{workers: 'all'}, '1 to 64'],
  [{'max-rss': '1'}, 'is no size'],
  [{'max-rss': '1M'}, 'less than a node needs'],
  [{'on-hang': 'heap,core'}, 'knows no "core"'],
  [{'on-hang': ''}, 'knows no ""'],
])('refuses %j', (change, why) => {
  expect(() => superviseOptionsOf({...flags, ...change})).toThrow(why)
})

it('refuses one address for several nodes', () => {
  const asked = {...alone, nodeUrl: 'ws://a:1'}
  expect(() => placesFor(asked, 2, 0)).toThrow('the address of one node')
  expect(() => placesFor({...alone, nodeListen: 'a:65535'}, 2, 1)).toThrow('no port 65536')
})

it('takes what there is', () => {
  const taken = superviseOptionsOf({...flags, workers: '3', 'max-rss': '2G'})
  expect(taken).toMatchObject({workers: 3, rssBytesMax: 2 * 1024 ** 3, probeMs: 10_000})
  expect(superviseOptionsOf({...flags, workers: 'auto'})?.workers).toBeGreaterThan(0)
  expect(superviseOptionsOf({...flags, 'on-hang': 'nothing'})?.onHang).toEqual(new Set())
  expect(superviseOptionsOf({...flags, 'on-hang': 'heap,report'})?.onHang)
    .toEqual(new Set(['heap', 'report']))
  expect(superviseOptionsOf({...flags, supervise: false})).toBeUndefined()
})
