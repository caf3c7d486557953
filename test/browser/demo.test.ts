import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {chromium} from 'playwright-core'
import type {BrowserContext, Locator, Page} from 'playwright-core'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {runCli} from '../helpers/cli.js'
import {startDemo} from '../helpers/demo-process.js'
import type {DemoProcess, DemoReady} from '../helpers/demo-process.js'
import {eventually} from '../helpers/eventually.js'

/** Debian's browser; nothing of it may reach for the network. */
const CHROMIUM = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
}

async function look(ready: DemoReady): Promise<DemoReady> {
  return (await (await fetch(`${ready.pageUrl}/demo.json`)).json()) as DemoReady
}

/** In the name of the demo, to one user: numbers of a run of their own. */
async function sendNumbers(demo: DemoProcess, user: string, numbers: readonly number[]) {
  const lines = numbers.map((number) =>
    JSON.stringify({action: 'demo/number', details: [number, 'another run'], user}),
  )
  const env = {WSMESH_DATA_DIR: demo.dataDir}
  const sent = await runCli(['send', '--stdin'], {env, input: lines.join('\n'), timeoutMs: 60_000})
  expect(sent).toMatchObject({exit: 0})
}

let profile: string
let context: BrowserContext
/** Of the tests that need no new one, and kill nothing before it is whole. */
let demo: DemoProcess

beforeAll(async () => {
  demo = await startDemo()
  profile = await mkdtemp(join(tmpdir(), 'wsmesh-chromium-'))
  // Without a screen each frame that moves costs as much as a message.
  context = await chromium.launchPersistentContext(profile, {...CHROMIUM, reducedMotion: 'reduce'})
})

afterAll(async () => {
  await context.close()
  await demo[Symbol.asyncDispose]()
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

/** What the page says of the numbers of all tabs. */
async function figure(page: Page, id: 'arrived' | 'kills' | 'last-number' | 'missing') {
  return Number((await page.locator(`#${id}`).textContent())?.replaceAll(',', ''))
}

/** Again when it is refused: on a busy machine a node may not answer for a moment. */
async function killBy(page: Page, press: () => Promise<void>): Promise<void> {
  const before = await figure(page, 'kills')
  const isDead = async () => (await figure(page, 'kills')) > before
  for (;;) {
    await press()
    const isRefused = async () => (await page.getByText(/^Not killed/).count()) > 0
    await eventually(async () => (await isDead()) || (await isRefused()), {timeoutMs: 10_000})
    if (await isDead()) return
  }
}

test('three users in tabs: a button kills the master again and again, no number is missing',
  async () => {
    await using demo = await startDemo()
    const ready = await demo.ready()
    const {page, complaints} = await openPage(ready)
    await page.getByRole('button', {name: 'Add a tab'}).click()
    const ann = page.getByRole('article').nth(3)
    await ann.getByRole('button', {name: 'Disconnect'}).click()
    await ann.getByLabel('User', {exact: true}).fill('ann')
    await ann.getByRole('button', {name: 'Connect', exact: true}).click()
    const cards = await page.getByRole('article').all()
    expect(cards).toHaveLength(4)
    for (const card of cards) await card.getByText('connected', {exact: true}).waitFor()
    await page.getByText('No number is missing').waitFor()

    const button = page.getByRole('button', {name: 'Kill the master', exact: true})
    for (const kills of [1, 2]) {
      await eventually(() => button.isEnabled(), {timeoutMs: 30_000, what: 'every node to be back'})
      const before = await look(ready)
      await killBy(page, () => button.click())
      expect(await figure(page, 'kills')).toBe(kills)
      await page.locator('#kill-report', {
        hasText: /the master, was killed\. Node \d took over\. Longest wait for a number: \d+ ms/,
      }).waitFor()
      // Not only the page says so.
      const after = await eventually(async () => {
        const seen = await look(ready)
        return seen.master !== before.master && seen.master !== null && seen
      })
      expect(after.nodes.map(({id}) => id)).not.toContain(before.master)
      const seen = await figure(page, 'last-number')
      await eventually(async () => (await figure(page, 'last-number')) > seen + 20)
    }
    expect(await figure(page, 'missing')).toBe(0)
    await page.getByText('No number is missing').waitFor()
    for (const card of cards) await card.getByText('none missing', {exact: true}).waitFor()
    // Refused connections while a node is dead are errors of the console; nothing else is.
    expect(complaints.filter((text) => !text.includes('WebSocket connection to'))).toEqual([])
    await page.close()
  }, 90_000)

test('a number that is missing or comes twice is said to be', async () => {
  const {page} = await openPage(await demo.ready())
  const [first, third] = [page.getByRole('article').nth(0), page.getByRole('article').nth(2)]
  await first.getByText('none missing', {exact: true}).waitFor()
  // The page itself is quiet: what comes now is of this test, in the name of the demo.
  await page.getByRole('button', {name: 'Pause the numbers'}).click()
  await sendNumbers(demo, '7', [1, 2, 5, 5])
  await third.getByText('2 missing, 1 doubled', {exact: true}).waitFor()
  await page.locator('#verdict', {hasText: '2 missing, 1 doubled'}).waitFor()
  expect(await first.getByText('none missing', {exact: true}).count()).toBe(1)
  await page.close()
}, 60_000)

test('a demo that ends and begins anew: its page says so, comes back, and calls nobody killed',
  async () => {
    const first = await startDemo({args: ['--nodes', '2']})
    const {pageUrl} = await first.ready()
    const page = await context.newPage()
    await page.goto(pageUrl ?? '')
    await page.getByText('No number is missing').waitFor()
    await first[Symbol.asyncDispose]()
    await page.getByRole('alert').getByText('The demo does not answer').waitFor()
    await page.getByRole('img', {name: 'Node 1: not known. Node 2: not known'}).waitFor()

    await using second = await startDemo({
      args: ['--nodes', '2'], port: Number(new URL(pageUrl ?? '').port),
    })
    await second.ready()
    await page.getByText('The demo does not answer').waitFor({state: 'hidden'})
    await page.getByRole('article').first().getByText('connected', {exact: true}).waitFor()
    await page.getByText('The demo counts anew').first().waitFor()
    await page.getByText('No number is missing').waitFor()
    expect(await figure(page, 'kills')).toBe(0)
    await page.close()
  }, 90_000)

test('tabs are added, disconnected, connected as another user, and closed', async () => {
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

test.each([
  ['a desk', {viewport: {width: 1600, height: 900}}],
  ['a phone at night', {viewport: {width: 390, height: 844}, colorScheme: 'dark'}],
  ['a narrow phone', {viewport: {width: 320, height: 568}, reducedMotion: 'reduce'}],
] as const)('on %s nothing sticks out, and keys are enough to kill', async (_name, options) => {
  const ready = await demo.ready()
  const other = await (context.browser() ?? (await chromium.launch(CHROMIUM))).newContext(options)
  const page = await other.newPage()
  await page.goto(ready.pageUrl ?? '')
  await page.getByText('No number is missing').waitFor()
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.viewport.width)
  await page.getByRole('img', {name: /Node \d: master/}).waitFor()
  const button = page.getByRole('button', {name: 'Kill node 2', exact: true})
  await eventually(() => button.isEnabled(), {timeoutMs: 30_000, what: 'a whole mesh'})
  await button.focus()
  await killBy(page, () => page.keyboard.press('Enter'))
  await page.getByText(/Node 2.* was killed/).waitFor()
  expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Kill node 2')
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.viewport.width)
  await other.close()
}, 60_000)
