/** The examples that have a page, as their READMEs start them: real nodes, Chromium, the files. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {chromium} from 'playwright-core'
import type {Browser, Page} from 'playwright-core'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import {cleanEnvironment} from '../helpers/demo-process.js'
import {ServeMesh} from '../helpers/serve-process.js'
import type {ServeProcess} from '../helpers/serve-process.js'

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples')
const ROOT = join(EXAMPLES, '..')

/** Processes and a browser start: a busy machine needs its time. */
const SLOW_MS = 90_000

let browser: Browser
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-examples-'))
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  })
})

afterAll(async () => {
  await browser.close()
  await rm(folder, {recursive: true, force: true})
})

/** The page of the example, but for the port: 8080 may be somebody's. */
async function openExample(
  name: string, mesh: ServeMesh, node: ServeProcess, user: string, ...groups: readonly string[]
): Promise<{page: Page; complaints: string[]}> {
  const html = await readFile(join(EXAMPLES, name, 'index.html'), 'utf8')
  const file = join(folder, `${name}.html`)
  await writeFile(file, html.replaceAll('127.0.0.1:8080', new URL(node.ready.httpUrl).host))
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const token = await signToken({user, groups, ttlMs: 600_000}, secret)
  const page = await browser.newPage({viewport: {width: 320, height: 640}})
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`${pathToFileURL(file).href}#${token}`)
  return {page, complaints}
}

/** The job as its README starts it, from the root of the checkout. */
async function runJob(
  args: readonly string[], env: Readonly<Record<string, string>>,
): Promise<{code: number; stderr: string}> {
  const child = spawn('examples/progress/job.sh', args, {
    cwd: ROOT, env: cleanEnvironment(env), stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = await once(child, 'close')
  return {code: Number(code), stderr}
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', {name: 'Say'}).click()
}

describe('examples/chat', () => {
  test('a group talks, each as who they are, and nobody else hears it', async () => {
    await using mesh = await ServeMesh.open()
    const actions = ['--actions', join(EXAMPLES, 'chat', 'chat.mjs')]
    const [node, other] = await Promise.all([mesh.start(...actions), mesh.start(...actions)])
    const ann = await openExample('chat', mesh, node, 'ann', 'friends')
    await ann.page.getByText('You are ann, in friends').waitFor()
    const bob = await openExample('chat', mesh, other, 'bob', 'friends')
    await bob.page.getByText('You are bob, in friends').waitFor()
    const eve = await openExample('chat', mesh, other, 'eve', 'others')
    await eve.page.getByText('You are eve, in others').waitFor()

    await say(ann.page, 'Lunch? <img src=x onerror=alert(1)>')
    for (const {page} of [ann, bob]) {
      await page.getByText('ann: Lunch? <img src=x onerror=alert(1)>').waitFor()
    }
    await ann.page.getByText('Reached 2 tabs').waitFor()
    await say(bob.page, 'At one')
    await ann.page.getByText('bob: At one').waitFor()
    await say(bob.page, '   ')
    await bob.page.getByText('Say something', {exact: true}).waitFor()
    await say(eve.page, 'Anybody?')
    await eve.page.getByText('eve: Anybody?').waitFor()
    expect(await eve.page.locator('#said li').count()).toBe(1)
    expect(await ann.page.locator('#said li').count()).toBe(2)
    expect(await ann.page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    expect([ann, bob, eve].flatMap(({complaints}) => complaints)).toEqual([])
  }, SLOW_MS)

  test('who is in no group is told so', async () => {
    await using mesh = await ServeMesh.open()
    const node = await mesh.start('--actions', join(EXAMPLES, 'chat', 'chat.mjs'))
    const {page} = await openExample('chat', mesh, node, 'guest')
    await page.getByText('You are guest, in no group').waitFor()
    await say(page, 'Hello?')
    await page.getByText('Only members of a group can talk here').waitFor()
    expect(await page.getByLabel('Message').inputValue()).toBe('Hello?')
  }, SLOW_MS)
})

describe('examples/progress', () => {
  test('a job of the backend moves the bar in every tab of its user', async () => {
    await using mesh = await ServeMesh.open()
    const node = await mesh.start()
    const tabs = [
      await openExample('progress', mesh, node, '42'),
      await openExample('progress', mesh, await mesh.start(), '42'),
    ]
    const other = await openExample('progress', mesh, node, '7')
    for (const {page} of tabs) await page.getByText('You are user 42').waitFor()
    await other.page.getByText('You are user 7').waitFor()
    const job = await runJob(['42', '0.05'], mesh.env)
    expect(job).toMatchObject({code: 0, stderr: ''})
    for (const {page} of tabs) {
      await page.getByText('Yearly report: done').waitFor()
      expect(await page.evaluate('bar.value')).toBe(100)
    }
    expect(await other.page.getByText('No job yet').count()).toBe(1)
    expect([...tabs, other].flatMap(({complaints}) => complaints)).toEqual([])
  }, SLOW_MS)

  test('a job that nobody watches ends well; one without a mesh does not', async () => {
    await using mesh = await ServeMesh.open()
    await mesh.start()
    expect(await runJob(['42', '0'], mesh.env)).toMatchObject({code: 0})
    const env = {...mesh.env, WSMESH_NODE: 'ws://127.0.0.1:1', WSMESH_TIMEOUT: '1s'}
    expect((await runJob(['42', '0'], env)).code).not.toBe(0)
    expect((await runJob([], env)).stderr).toContain('Whose job is it?')
  }, SLOW_MS)
})
