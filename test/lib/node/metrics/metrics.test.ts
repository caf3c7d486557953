import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {ApiKeys, hashOfApiKey, makeApiKey} from '../../../../src/lib/auth/api-keys.js'
import {initialState} from '../../../../src/lib/mesh/state.js'
import {COUNTER_NAMES} from '../../../../src/lib/node/counters.js'
import {COUNTER_FAMILIES, SUMMED} from '../../../../src/lib/node/metrics/counter-families.js'
import type {MetricsSource} from '../../../../src/lib/node/metrics/family.js'
import {FAMILIES} from '../../../../src/lib/node/metrics/prometheus.js'
import {eventually} from '../../../helpers/eventually.js'
import {startTestMesh, type TestMesh} from '../../../helpers/test-node.js'

type Node = TestMesh['nodes'][0]

let mesh: TestMesh
const key = makeApiKey()
const apiKeys = new ApiKeys([
  {name: 'prometheus', allow: ['metrics'], sha256: hashOfApiKey(key)},
])

beforeAll(async () => {
  mesh = await startTestMesh(1)
  const place = {type: 'port', host: '127.0.0.1', port: 0} as const
  const follower = await mesh.start({nodeListen: place, apiListen: place}, {apiKeys})
  await follower.ready
})
afterAll(() => mesh[Symbol.asyncDispose]())

const [master, follower] = [0, 1].map((index) => (): Node => {
  const node = mesh.nodes[index]
  if (node === undefined) throw new Error('There is no such node')
  return node
}) as [() => Node, () => Node]

async function scrape({addresses}: Node): Promise<string> {
  const response = await fetch(`${addresses.httpUrl}/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return response.text()
}

/** 'name{label="value"}' to its value, of a page of metrics. */
function seriesOf(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => {
    const at = line.lastIndexOf(' ')
    return [line.slice(0, at), Number(line.slice(at + 1))]
  }))
}

describe('a page of metrics', () => {
  test('counts messages by where they came from and whom they were for, and times them', async () => {
    const client = await mesh.client(follower(), '42')
    await master().publish('hello', ['Hi'], {user: 42})
    await client.next()
    await eventually(() => master().stats().role === 'master')
    await eventually(() => follower().stats().role === 'follower')
    const [here, there] = [await scrape(master()), await scrape(follower())].map(seriesOf)
    expect(Object.fromEntries(here ?? [])).toMatchObject({
      [`wsmesh_node_info{node="${master().id}",version="0.0.0-test"}`]: 1,
      'wsmesh_node_role{role="master"}': 1, 'wsmesh_node_role{role="follower"}': 0,
      'wsmesh_messages_published_total{by="handler"}': 1,
      'wsmesh_relay_seconds_count': 1, 'wsmesh_receipt_seconds_bucket{le="+Inf"}': 1,
      'wsmesh_connections': 0, 'wsmesh_pool_nodes': 2, 'wsmesh_store_up': 1,
      [`wsmesh_link_lag_messages{peer="${follower().id}"}`]: 0,
    })
    expect(Object.fromEntries(there ?? [])).toMatchObject({
      'wsmesh_node_role{role="master"}': 0, 'wsmesh_node_role{role="follower"}': 1,
      'wsmesh_messages_delivered_total{target="user"}': 1,
      'wsmesh_messages_delivered_total{target="group"}': 0,
      'wsmesh_client_frames_total{direction="out"}': 1,
      'wsmesh_delivery_seconds_count': 1, 'wsmesh_relay_seconds_count': 0,
      'wsmesh_connections': 1, 'wsmesh_users': 1, 'wsmesh_slow_consumers_total': 0,
    })
  })

  test('has all that takes time to show: round trips, delays of the loop, collections', async () => {
    await eventually(async () => {
      const series = seriesOf(await scrape(master()))
      const of = (name: string): number => series.get(name) ?? -1
      return of(`wsmesh_link_rtt_seconds{peer="${follower().id}"}`) > 0
        && of('wsmesh_loop_delay_seconds_count') > 0
        && of('nodejs_gc_duration_seconds_count{kind="minor"}') > 0
    }, {timeoutMs: 5000})
  })

  test('is as Prometheus wants it', async () => {
    const page = await scrape(master())
    const {status, stderr, stdout} = spawnSync('promtool', ['check', 'metrics'], {
      input: page, encoding: 'utf8',
    })
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  })
})

function urlOf({addresses}: Node, at: 'clients' | 'nodes' | 'api'): string {
  const {httpUrl, nodeUrl, apiUrl} = addresses
  const urls = {clients: httpUrl, nodes: nodeUrl.replace(/^ws(.*)\/mesh$/, 'http$1'), api: apiUrl}
  return `${urls[at]}/metrics`
}

describe('who may read metrics', () => {
  const withKey = {headers: {authorization: `Bearer ${key}`}}
  const proxied = {'x-forwarded-for': '10.0.0.1'}

  test.each([
    ['with a key, at the API', 'api', {...withKey}, 200],
    ['with a key, at the nodes', 'nodes', {...withKey}, 200],
    ['with a wrong key', 'api', {headers: {authorization: 'Bearer wsmesh_wrong'}}, 401],
    ['with a key, by POST', 'api', {...withKey, method: 'POST'}, 405],
    ['with a key, from a page', 'api', {headers: {...withKey.headers, origin: 'http://evil'}}, 403],
    ['on this machine', 'clients', {}, 200],
    ['on this machine, by POST', 'clients', {method: 'POST'}, 405],
    ['through a proxy', 'clients', {headers: proxied}, 403],
    ['through a proxy with a key, at the clients', 'clients',
      {headers: {...proxied, ...withKey.headers}}, 403],
    ['through a proxy with a key, at the nodes', 'nodes',
      {headers: {...proxied, ...withKey.headers}}, 200],
  ] as const)('%s', async (_name, at, options, status) => {
    const response = await fetch(urlOf(follower(), at), options)
    expect([response.status, await response.text()]).toEqual([status, expect.anything()])
  })
})

/** Label names to the values that docs/METRICS.md has of each; none: they are any. */
type Labels = Readonly<Record<string, readonly string[]>>

function documented(): Map<string, {readonly type: string; readonly labels: Labels}> {
  const text = readFileSync(
    join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'METRICS.md'), 'utf8',
  )
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| ?(.*?) ?\| .+ \|$/gm)]
  return new Map(rows.map(([, name = '', type = '', cell = '']) => {
    const labels = cell === '' ? [] : cell.split(/, (?=`)/).map((part) => {
      const [, label = '', values = ''] = /^`(\w+)`(?:: (.+))?$/.exec(part) ?? []
      return [label, values === '' ? [] : values.split(', ')] as const
    })
    return [name, {type, labels: Object.fromEntries(labels)}]
  }))
}

function valuesOf(page: string, name: string, label: string): readonly string[] {
  if (['node', 'version', 'peer'].includes(label)) return []
  const found = page.matchAll(new RegExp(`^${name}(?:_count)?\\{${label}="(\\w+)"\\} `, 'gm'))
  return [...found].map(([, value = '']) => value)
}

test('docs/METRICS.md has every metric, its type and labels, and no other', async () => {
  const page = await scrape(follower())
  const real = FAMILIES.map(({name, type, labels}) => {
    const entries = labels.map((label) => [label, valuesOf(page, name, label)] as const)
    return [name, {type, labels: Object.fromEntries(entries)}] as const
  })
  expect(Object.fromEntries(documented())).toEqual(Object.fromEntries(real))
})

test('every counter is in one metric', () => {
  const core = Object.keys(initialState({} as Parameters<typeof initialState>[0]).counters)
  const all = [...new Set([...COUNTER_NAMES, ...core])]
  const counters = Object.fromEntries(all.map((name, index) => [name, index + 1]))
  const source = {stats: {counters}} as unknown as MetricsSource
  const values = COUNTER_FAMILIES.flatMap((family) =>
    family.type === 'histogram' ? [] : family.read(source).map(({value}) => value))
  const shown = values.map((value) => all[value - 1])
  expect([...shown, ...SUMMED].toSorted()).toEqual(all.toSorted())
})
