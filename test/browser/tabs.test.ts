/**
 * Tabs of a real browser, with the library that nodes serve, against three real nodes that die one
 * after the other. TABS_SECONDS=60 kills for that long.
 */
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'
import {startChromium, type Browser} from '../helpers/chromium.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {TabSite, type TabReport} from '../helpers/tab-site.js'

const SECONDS = Number(process.env['TABS_SECONDS'] ?? 0)
const TIME_MS = 180_000 + SECONDS * 3000
const USERS = ['1', '2', '3', '4', '5']
const TABS = 20
const ARGS = ['--actions', join(import.meta.dirname, '..', 'helpers', 'client-actions.mjs')]

let browser: Browser
let mesh: ServeMesh
let site: TabSite

beforeAll(async () => {
  browser = await startChromium()
  mesh = await ServeMesh.open()
  for (let count = 0; count < 3; count += 1) await mesh.start(...ARGS)
}, 120_000)
afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  await browser[Symbol.asyncDispose]()
})
beforeEach(async () => {
  site = await TabSite.open(mesh, browser.context)
})
afterEach(async () => {
  await site[Symbol.asyncDispose]()
  expect(site.complaints).toEqual([])
})

async function connections(): Promise<number> {
  const stats = await Promise.all(mesh.nodes.map((node) => node.stats()))
  return stats.reduce((sum, each) => sum + each.connections, 0)
}

/** Nobody was told that something may be missing. */
function wereRecovered(reports: readonly TabReport[]): void {
  expect(reports.flatMap(({recovered}) => recovered)).not.toContain(false)
}

describe('20 tabs of 5 users', () => {
  it('hear every number once, in order, while nodes are killed one after the other', async () => {
    for (let count = 0; count < TABS; count += 1) await site.open(USERS[count % 5] ?? '')
    for (const tab of site.tabs) await tab.is('open')
    site.send(USERS)
    const endMs = performance.now() + SECONDS * 1000
    let kills = 0
    do {
      for (const node of mesh.nodes.slice()) {
        await site.replace(node, ...ARGS)
        kills += 1
      }
    } while (performance.now() < endMs)
    await site.stop()
    const reports = await site.haveAll()
    wereRecovered(reports)
    const back = reports.reduce((sum, {recovered}) => sum + recovered.length, 0)
    // Each connection was on some node that was killed.
    expect(back).toBeGreaterThanOrEqual(TABS)
    console.log(`${kills} kills, ${site.last} numbers, ${back} times back, ${TABS} tabs`)
  }, TIME_MS)

  it('hear all of it when they are online again', async () => {
    for (let count = 0; count < TABS; count += 1) await site.open(USERS[count % 5] ?? '')
    for (const tab of site.tabs) await tab.is('open')
    site.send(USERS)
    const endMs = performance.now() + SECONDS * 1000
    do {
      await site.cut()
      for (const tab of site.tabs) await tab.is('waiting')
      const {last} = site
      await eventually(() => site.last > last + 10)
      await site.mend()
      for (const tab of site.tabs) await tab.is('open')
    } while (performance.now() < endMs)
    await site.stop()
    wereRecovered(await site.haveAll())
  }, TIME_MS)
})

describe('tabs that share a connection', () => {
  it('have one, and the next when its tab leaves, ends or crashes; no hole or repeat', async () => {
    const before = await connections()
    for (let count = 0; count < 5; count += 1) await site.open('1', {shared: ''})
    const other = await site.open('2', {shared: ''})
    for (const tab of site.tabs) await tab.is('open')
    expect(await connections()).toBe(before + 2)
    site.send(['1', '2'])
    for (const way of ['leave', 'close', 'crash'] as const) {
      const {last} = site
      await eventually(() => site.last > last + 10)
      const mine = site.tabs.filter((tab) => tab !== other)
      const reports = await Promise.all(mine.map((tab) => tab.report()))
      const leader = mine[reports.findIndex(({sockets}) => sockets > 0)]
      if (leader === undefined) throw new Error('One tab has the connection')
      site.tabs.splice(site.tabs.indexOf(leader), 1)
      if (way === 'leave') await leader.leave()
      else if (way === 'close') await leader.page.close()
      else await leader.page.goto('chrome://crash').catch(() => {})
      const next = site.tabs.filter((tab) => tab !== other)
      await eventually(async () => {
        const now = await Promise.all(next.map((tab) => tab.report()))
        return now.some(({sockets, state}) => sockets > 0 && state.type === 'open')
      }, {what: `another leader after a ${way}`, timeoutMs: 20_000})
      for (const tab of next) await tab.is('open')
    }
    const seen = site.last
    await eventually(() => site.last > seen + 10)
    await site.stop()
    wereRecovered(await site.haveAll())
    await eventually(async () => (await connections()) === before + 2)
  }, TIME_MS)

  it('get the answers to what they asked, each its own', async () => {
    for (let count = 0; count < 3; count += 1) await site.open('1', {shared: ''})
    for (const tab of site.tabs) await tab.is('open')
    const answers = await Promise.all(site.tabs.map((tab, index) => tab.echo(`from ${index}`)))
    expect(answers).toEqual([['from 0'], ['from 1'], ['from 2']])
  }, TIME_MS)

  it('that come later, from a position, miss nothing that the others have', async () => {
    await (await site.open('1', {shared: ''})).is('open')
    const asked = await fetch(`${mesh.nodes[0]?.ready.httpUrl}/position`)
    const {position} = (await asked.json()) as {position: string}
    site.send(['1'])
    await eventually(() => site.last > 10)
    const late = await site.open('1', {shared: '', position})
    await late.is('open')
    await site.stop()
    const reports = await site.haveAll()
    expect(reports.map(({recovered}) => recovered)).toEqual([[], [true]])
    expect(reports.map(({sockets}) => sockets)).toEqual([1, 0])
  }, TIME_MS)
})
