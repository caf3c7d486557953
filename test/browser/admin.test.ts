import {readFile, writeFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {gzipSync} from 'node:zlib'
import {join} from 'node:path'
import type {BrowserContext, Page} from 'playwright-core'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {startAdmin, type Admin} from '../../src/lib/admin/run-admin.js'
import type {KnownLocalNode} from '../../src/lib/admin/local-nodes.js'
import {WsmeshError} from '../../src/lib/util/errors.js'
import {startChromium, type Browser} from '../helpers/chromium.js'
import {eventually} from '../helpers/eventually.js'
import {startTestMesh, type TestMesh} from '../helpers/test-node.js'

const ROOT = join(import.meta.dirname, '..', '..')
const PAGE = join(ROOT, 'dist', 'lib', 'admin', 'page')

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

const acts: string[] = []
const lines: string[] = []
const requests = new Set<string>()
const complaints: string[] = []
let started: KnownLocalNode[] = []
let mesh: TestMesh
let admin: Admin
let browser: Browser
let page: Page

/** Three real nodes in this process; what ends processes or starts them is only written down. */
beforeAll(async () => {
  mesh = await startTestMesh(3)
  await writeFile(join(mesh.folder, 'secret'), 'a secret for tests only\n', {mode: 0o600})
  admin = await startAdmin({
    reach: {'pool-prefix': 'wsmesh_', 'data-dir': mesh.folder, timeout: 5000},
    host: '127.0.0.1',
    port: 0,
    publicUrl: undefined,
    certFile: undefined,
    keyFile: undefined,
    mayListenInsecurely: false,
    isReadOnly: false,
    expected: 3,
    serveFlags: ['--port', '0'],
    locals: {
      async start() {
        const node = {
          supervisorPid: 4711, nodeId: null, command: 'wsmesh serve', startedAt: Date.now(),
        }
        started = [node]
        return node
      },
      async reload(pid) {
        acts.push(`reload supervisor ${pid}`)
      },
      list: async () => started,
    },
    async actOnNode(_access, node, act) {
      acts.push(`${act} ${node}`)
      if (act === 'drain') throw new WsmeshError('NODE_UNREACHABLE', 'It does not listen')
      return `${node} does it`
    },
    acts: ['drain', 'restart', 'stop', 'step-down'],
    version: '0.0.0-test',
    packageRoot: ROOT,
    env: process.env,
    cwd: ROOT,
  }, (line) => lines.push(line))
  browser = await startChromium()
  page = await open(browser.context, admin.ready.operatorUrl ?? '')
}, 60_000)

afterAll(async () => {
  await browser[Symbol.asyncDispose]()
  await admin.close()
  await mesh[Symbol.asyncDispose]()
})

async function open(context: BrowserContext, url: string): Promise<Page> {
  const opened = await context.newPage()
  opened.setDefaultTimeout(10_000)
  opened.on('request', (request) => requests.add(new URL(request.url()).origin))
  opened.on('websocket', (socket) => requests.add(new URL(socket.url()).host))
  opened.on('console', (message) => complaints.push(message.text()))
  opened.on('pageerror', (error) => complaints.push(String(error)))
  await opened.goto(url)
  return opened
}

function ids(): readonly string[] {
  return mesh.nodes.map(({id}) => id)
}

/** What axe finds against WCAG 2.2 A and AA, in words. */
async function violations(of: Page): Promise<readonly string[]> {
  await of.evaluate(await readFile(AXE, 'utf8'))
  const found = await of.evaluate(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }).then(({violations}) => violations.map(({id, nodes}) =>
    id + ': ' + nodes.map(({html}) => html.slice(0, 120)).join(' | ')))`)
  return found as readonly string[]
}

function table(name: string) {
  return page.getByRole('region', {name: `Table of ${name}`})
}

function said(text: string | RegExp) {
  return page.getByText(text).first().waitFor()
}

test('the page is small, asks nobody else, and has no eval', async () => {
  const files = await Promise.all(['index.html', 'admin.js', 'admin.css', 'favicon.svg']
    .map((name) => readFile(join(PAGE, name))))
  const bytes = files.reduce((total, file) => total + gzipSync(file).length, 0)
  expect(bytes).toBeLessThan(60_000)
  expect(files.map(String).join('')).not.toMatch(/\beval\(|new Function\b/)
})

test('the mesh is seen: its master, its nodes, and the token is gone from the address', async () => {
  for (const id of ids()) await table('nodes').getByRole('button', {name: id, exact: true}).waitFor()
  await table('nodes').getByText('master').waitFor()
  expect(await page.getByRole('img', {name: /^3 nodes, all answer; test-\d+ is master/}).count()).toBe(1)
  expect(new URL(page.url()).hash).toBe('')
  expect(await page.evaluate('document.cookie')).toBe('')
  // A busy machine may make them stand still for a moment, which is said.
  expect(await page.locator('.banner.is-bad').count()).toBe(0)
})

test('nobody finds anything to complain of, in light, in dark and on a phone', async () => {
  expect(await violations(page)).toEqual([])
  await page.emulateMedia({colorScheme: 'dark'})
  expect(await violations(page)).toEqual([])
  await page.emulateMedia({colorScheme: 'light'})
  await page.setViewportSize({width: 390, height: 844})
  expect(await violations(page)).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  await page.setViewportSize({width: 1280, height: 800})
})

test('the charts are of all nodes, or of the one that was picked, for ten minutes or six hours', async () => {
  const heading = page.locator('#charts-title')
  expect(await heading.textContent()).toBe('All nodes')
  const [first = ''] = ids()
  await table('nodes').getByRole('button', {name: first, exact: true}).click()
  await page.getByRole('heading', {name: first}).waitFor()
  await page.getByRole('button', {name: '6 hours'}).click()
  await page.locator('.plot canvas').nth(3).waitFor()
  await page.getByRole('button', {name: 'Show all nodes'}).click()
  await page.getByRole('heading', {name: 'All nodes'}).waitFor()
  await page.getByRole('button', {name: '10 minutes'}).click()
})

test('Start brings up a supervised node here, and says so until the pool has it', async () => {
  await page.getByRole('button', {name: 'Start a node'}).click()
  await said('started a supervised node, process 4711')
  await said(/Supervisor 4711 is bringing up its node/)
  started = started.map((node) => ({...node, nodeId: mesh.nodes[1]?.id ?? ''}))
  await page.getByTitle('kept by supervisor 4711', {exact: true}).waitFor()
  expect(await page.getByText(/is bringing up its node/).count()).toBe(0)
})

test('a node is drained, restarted and stopped after a question that shows the command', async () => {
  // The second has a supervisor of this machine, see above; the third has none that is known.
  const [, kept = '', other = ''] = ids()
  await page.getByRole('button', {name: `Restart ${kept}`}).click()
  expect(await page.getByRole('dialog').locator('.command').textContent()).toContain(`node restart ${kept}`)
  await page.getByRole('dialog').getByRole('button', {name: 'Restart', exact: true}).click()
  await said(`${kept} does it`)
  expect(acts.splice(0)).toEqual([`restart ${kept}`])
  await page.getByRole('dialog').waitFor({state: 'detached'})
  // Whoever uses the keyboard goes on from where he was.
  expect(await page.evaluate('document.activeElement.getAttribute("aria-label")'))
    .toBe(`Restart ${kept}`)
  for (const [button, act] of [['Restart', 'restart'], ['Stop', 'stop']] as const) {
    await page.getByRole('button', {name: `${button} ${other}`}).click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.locator('.command').textContent()).toContain(`node ${act} ${other}`)
    expect(await violations(page)).toEqual([])
    await dialog.getByRole('button', {name: button, exact: true}).click()
    await said(`${other} does it`)
    await dialog.waitFor({state: 'detached'})
  }
  expect(acts.splice(0)).toEqual([`restart ${other}`, `stop ${other}`])
  // What could not be done stays in the question.
  await page.getByRole('button', {name: `Drain ${other}`}).click()
  await page.getByRole('dialog').getByRole('button', {name: 'Drain', exact: true}).click()
  await page.getByRole('dialog').getByRole('alert').filter({hasText: 'It does not listen'}).waitFor()
  await page.getByRole('button', {name: 'Leave it'}).click()
  await page.getByRole('dialog').waitFor({state: 'detached'})
  expect(acts.splice(0)).toEqual([`drain ${other}`])
})

test('the master is stopped by whoever types its name, and by nobody else', async () => {
  const [master = ''] = ids()
  await page.getByRole('button', {name: `Step down ${master}`}).click()
  await page.getByRole('dialog').getByRole('button', {name: 'Step down', exact: true}).click()
  await page.getByRole('dialog').waitFor({state: 'detached'})
  await page.getByRole('button', {name: `Stop ${master}`}).click()
  const dialog = page.getByRole('dialog')
  const field = dialog.getByLabel(`Type ${master} to go on`)
  expect(await field.evaluate((element) => element.ownerDocument.activeElement === element)).toBe(true)
  await field.fill('another')
  await field.press('Enter')
  await dialog.getByRole('button', {name: 'Stop', exact: true}).click({force: true})
  expect(acts.splice(0)).toEqual([`step-down ${master}`])
  await field.fill(master)
  await field.press('Enter')
  await dialog.waitFor({state: 'detached'})
  expect(acts.splice(0)).toEqual([`stop ${master}`])
})

test('users are searched, paged through, looked at tab by tab, followed and kicked', async () => {
  const [n1, n2] = mesh.nodes
  if (n1 === undefined || n2 === undefined) throw new Error('There are three nodes')
  const anna = await mesh.client(n1, 'anna', {groups: ['staff'], session: 'secret-session'})
  const annaToo = await mesh.client(n2, 'anna')
  for (let n = 0; n < 30; n += 1) await mesh.client(n1, `b-${String(n).padStart(2, '0')}`)
  // By itself, since the top of the page says so, too.
  await said('32 connections')
  await page.getByRole('button', {name: 'Look again'}).click()
  await page.getByRole('button', {name: 'Next page'}).click()
  await table('users').getByRole('button', {name: 'b-29', exact: true}).waitFor()
  await page.getByRole('button', {name: 'Page before'}).click()
  await page.getByRole('searchbox').fill('ann')
  await said('2 connections')
  await table('users').getByRole('button', {name: 'anna', exact: true}).click()
  const tabs = table('users').getByRole('listitem')
  await tabs.nth(1).waitFor()
  expect(await tabs.count()).toBe(2)
  expect(await table('users').textContent()).toContain('session secret…')
  expect(await page.content()).not.toContain('secret-session')

  await page.getByRole('button', {name: 'Follow anna'}).click()
  await said('Messages for user anna')
  await page.getByLabel('Which', {exact: true}).fill('anna')
  await page.getByLabel('Details, JSON').fill('{"<b>": 1}')
  const rows = page.getByRole('list', {name: 'Messages'}).getByRole('listitem')
  await eventually(async () => {
    await page.getByRole('button', {name: 'Send', exact: true}).click()
    return (await rows.count()) > 0
  }, {what: 'a followed message', timeoutMs: 15_000})
  expect(await rows.first().textContent()).toContain('{"<b>":1}')
  await said('2 connections on 2 nodes in')
  await page.locator('.trace').getByRole('button', {name: 'Close'}).click()

  await tabs.first().getByRole('button', {name: /^Close connection/}).click()
  await page.getByRole('dialog').getByRole('button', {name: 'Kick'}).click()
  await said(/^Closed 1 connection of/)
  await page.getByRole('button', {name: 'Kick anna'}).click()
  await page.getByLabel(/^Reason/).fill('a test')
  await page.getByRole('dialog').getByRole('button', {name: 'Kick'}).click()
  await said('Closed 1 connection of anna')
  await said('Nobody like that is connected.')
  expect((await Promise.all([anna, annaToo].map(({closed}) => closed))).map(({code}) => code))
    .toEqual([4501, 4501])
  await page.getByRole('combobox', {name: 'Search by'}).selectOption('group')
  await said('0 connections')
  await page.getByRole('searchbox').fill('')
})

test('a message that is no JSON, or for nobody, is not sent', async () => {
  const send = page.getByRole('button', {name: 'Send', exact: true})
  await page.getByLabel('Details, JSON').fill('Hi')
  await said('The details are no JSON')
  expect(await send.getAttribute('aria-disabled')).toBe('true')
  await page.getByLabel('Details, JSON').fill('"Hi"')
  await page.getByLabel('Which', {exact: true}).fill('nobody')
  await send.click()
  await said(/nobody like that is connected/)
  await page.getByRole('button', {name: 'Fill in hello again'}).first().click()
})

test('a siege runs, is one at a time, has a verdict, and leaves a report', async () => {
  await page.getByRole('spinbutton', {name: 'Clients'}).fill('5')
  await page.getByRole('spinbutton', {name: 'Messages/s'}).fill('20')
  await page.getByRole('spinbutton', {name: 'Seconds'}).fill('2')
  await page.getByRole('button', {name: 'Start the siege'}).click()
  await page.getByRole('progressbar').waitFor()
  expect(await page.getByRole('button', {name: 'Start the siege'}).getAttribute('aria-disabled'))
    .toBe('true')
  // On a machine that is busy a run may prove nothing; what it lost is known all the same.
  const verdict = page.locator('.verdict').filter({hasText: 'nothing lost'})
  await verdict.waitFor({timeout: 60_000})
  expect(await verdict.textContent()).toMatch(/^(?:PASS|INVALID|INCONCLUSIVE)/)
  const [download] = await Promise.all([
    page.waitForEvent('download'), page.getByRole('link', {name: 'Download the report'}).click(),
  ])
  expect(await readFile(await download.path(), 'utf8')).toContain('<title>')
}, 90_000)

test('a siege that is ended says how far it came', async () => {
  await page.getByRole('spinbutton', {name: 'Seconds'}).fill('100')
  await page.getByRole('button', {name: 'Start the siege'}).click()
  await page.getByRole('button', {name: 'End it'}).click()
  await page.getByText('INTERRUPTED', {exact: true}).waitFor({timeout: 60_000})
})

test('what was done stands in the events, with who did it', async () => {
  await page.getByRole('button', {name: 'Acts'}).click()
  const events = page.getByRole('list', {name: 'Events'})
  await events.getByText('operator 1: closed 1 of user anna').waitFor()
  await page.getByRole('button', {name: 'Nodes', exact: true}).click()
  expect(await events.getByText('operator 1').count()).toBe(0)
  await page.getByRole('button', {name: 'All', exact: true}).click()
  expect(lines.filter((line) => line.startsWith('admin: operator 1: stop '))).toHaveLength(2)
})

test('a viewer sees all of it and has no button to act with', async () => {
  const context = await browser.context.browser()?.newContext()
  const viewer = await open(context ?? browser.context, admin.ready.viewerUrl)
  await viewer.getByText('viewer: you may look').waitFor()
  await viewer.locator('.plot canvas').nth(3).waitFor()
  const buttons = await viewer.getByRole('button').allTextContents()
  expect(buttons.filter((text) => /start|stop|drain|restart|kick|send|follow/i.test(text))).toEqual([])
  expect(await violations(viewer)).toEqual([])
  // The page's own socket, with a question that it has no button for.
  const answer = await viewer.evaluate(`new Promise((resolve) => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/live')
    socket.onmessage = ({data}) => data.includes('"answer"') && resolve(JSON.parse(data))
    socket.onopen = () => socket.send('{"id": 7, "ask": "end-siege"}')
  })`)
  expect(answer).toMatchObject({id: 7, ok: false, error: {code: 'NOT_ALLOWED'}})
  await viewer.close()
})

test('a node that dies is seen to be gone, with a banner', async () => {
  const last = mesh.nodes.pop()
  await last?.close()
  await page.locator('.banner.is-bad').filter({hasText: '2 of 3 nodes answer'}).waitFor()
})

test('no request has left this machine, and the browser has nothing to complain of', () => {
  expect([...requests].map((origin) => origin.replace(/^http:\/\//, '')).every((host) =>
    host === new URL(admin.ready.url).host)).toBe(true)
  expect(complaints).toEqual([])
})
