import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {chromium} from 'playwright-core'
import type {BrowserContext, Locator, Page} from 'playwright-core'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {startDemo} from '../helpers/demo-process.js'
import type {DemoReady} from '../helpers/demo-process.js'
import {eventually} from '../helpers/eventually.js'

/** Debian's browser; nothing of it may reach for the network. */
const CHROMIUM = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
}

let profile: string
let context: BrowserContext

beforeAll(async () => {
  profile = await mkdtemp(join(tmpdir(), 'wsmesh-chromium-'))
  context = await chromium.launchPersistentContext(profile, CHROMIUM)
})

afterAll(async () => {
  await context.close()
  await rm(profile, {recursive: true, force: true})
})

/** What the browser complains of: violations of the policy are among its errors. */
async function openPage(ready: DemoReady): Promise<{page: Page; complaints: string[]}> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(ready.pageUrl ?? '')
  return {page, complaints}
}

/** The lines of a card's log that carry a message. */
function arrived(card: Locator): Locator {
  return card.locator('.log .arrived')
}

test('two users on two nodes see each other’s hello', async () => {
  await using demo = await startDemo()
  const {page, complaints} = await openPage(await demo.ready())
  const [first, second, third] = [0, 1, 2].map((index) => page.getByRole('article').nth(index))
  if (!first || !second || !third) throw new Error('Three cards are open')
  for (const card of [first, second, third]) {
    await card.getByText('connected', {exact: true}).waitFor()
  }
  expect(await first.getByLabel('User', {exact: true}).inputValue()).toBe('42')
  expect(await third.getByLabel('User', {exact: true}).inputValue()).toBe('7')
  expect(await third.getByLabel('at', {exact: true}).inputValue()).toBe('3')

  await first.getByLabel('Message').fill('Hi from 42')
  await first.getByRole('button', {name: 'Send hello'}).click()
  for (const card of [first, second, third]) {
    await arrived(card).filter({hasText: 'user 42: Hi from 42'}).waitFor()
  }
  expect(await arrived(third).textContent()).toContain('node 1 → node 3')
  await third.getByLabel('Message').fill('Hello, 42')
  await third.getByLabel('Message').press('Enter')
  await arrived(first).filter({hasText: 'user 7: Hello, 42'}).waitFor()

  // To the own tabs alone: the article's hello.
  await second.getByLabel('to', {exact: true}).selectOption('me')
  await second.getByLabel('Message').fill('Only 42')
  await second.getByRole('button', {name: 'Send hello'}).click()
  await arrived(first).filter({hasText: 'Only 42'}).waitFor()
  await arrived(second).filter({hasText: 'Only 42'}).waitFor()
  expect(await arrived(third).filter({hasText: 'Only 42'}).count()).toBe(0)
  // The article's error, with markup that must stay text.
  await second.getByLabel('action').fill('<b>nothing</b>')
  await second.getByRole('button', {name: 'Send'}).click()
  await second.locator('.error').filter({hasText: '<b>nothing</b>:error 404'}).waitFor()
  expect(complaints).toEqual([])
  await page.close()
})

test('a killed node: its tabs move to another, and the page says who is master', async () => {
  await using demo = await startDemo()
  const ready = await demo.ready()
  const {page} = await openPage(ready)
  const card = page.getByRole('article').first()
  await card.getByText('connected', {exact: true}).waitFor()
  const master = ready.nodes.find(({id}) => id === ready.master)
  if (!master) throw new Error('A demo alone has its master among its nodes')
  await page.getByText(`node ${master.name} is master of term 1`).waitFor()
  process.kill(master.pid, 'SIGKILL')
  await card.getByText(/Trying again in/).first().waitFor()
  await card.getByText(/Connected again, to node/).waitFor()
  await page.getByText(/is master of term 2/).waitFor()
  await card.getByLabel('Message').fill('Still here')
  await card.getByRole('button', {name: 'Send hello'}).click()
  await arrived(page.getByRole('article').nth(2)).filter({hasText: 'Still here'}).waitFor()
  // Three nodes again, the dead one's place taken by another process.
  await eventually(
    async () => (await page.locator('.node.is-master, .node.is-follower').count()) === 3,
    {timeoutMs: 20_000, what: 'three nodes on the page'},
  )
  await page.close()
}, 60_000)

test('tabs are added, disconnected, connected as another user, and closed', async () => {
  await using demo = await startDemo({args: ['--nodes', '2']})
  const {page, complaints} = await openPage(await demo.ready())
  await page.getByRole('button', {name: 'Add a tab'}).click()
  const card = page.getByRole('article').nth(3)
  await card.getByText('connected', {exact: true}).waitFor()
  await card.getByRole('button', {name: 'Disconnect'}).click()
  await card.getByText('not connected', {exact: true}).waitFor()
  expect(await card.getByRole('button', {name: 'Send hello'}).isDisabled()).toBe(true)
  await card.getByLabel('User', {exact: true}).fill('ann')
  await card.getByLabel('at', {exact: true}).selectOption('2')
  await card.getByRole('button', {name: 'Connect', exact: true}).click()
  await card.getByText('Connected to node 2 as user ann').waitFor()
  await page.getByRole('article').first().getByLabel('to', {exact: true}).selectOption('user')
  await page.getByRole('article').first().getByLabel('Which user').fill('ann')
  await page.getByRole('article').first().getByLabel('Message').fill('For ann')
  await page.getByRole('article').first().getByLabel('Message').press('Enter')
  await arrived(card).filter({hasText: 'user 42: For ann'}).waitFor()
  expect(await arrived(page.getByRole('article').nth(1)).count()).toBe(0)
  await card.getByRole('button', {name: 'Close this tab'}).click()
  expect(await page.getByRole('article').count()).toBe(3)
  expect(complaints).toEqual([])
  await page.close()
})
