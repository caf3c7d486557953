import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {chromium} from 'playwright-core'
import type {Browser, BrowserContextOptions, Page} from 'playwright-core'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {htmlReport} from '../../src/lib/siege/report/html/html-report.js'
import type {RunReport} from '../../src/lib/siege/run-report.js'
import {fixtureLeak} from '../lib/siege/fixture-leak.js'
import {fixtureReport} from '../lib/siege/fixture-report.js'

/** A name that would run a script, were it not text. */
const EVIL = '</script><script>document.title = "taken"</script><img src=x onerror=alert(1)>'
  + 'x'.repeat(200)

let folder: string
let browser: Browser

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-siege-page-'))
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  })
})

afterAll(async () => {
  await browser.close()
  await rm(folder, {recursive: true, force: true})
})

interface OpenPage extends AsyncDisposable {
  readonly page: Page
  readonly complaints: string[]
  /** Addresses that were asked for, the file itself left out. */
  readonly requests: string[]
}

async function openReport(
  report: RunReport,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const path = join(folder, 'siege.html')
  await writeFile(path, await htmlReport(report))
  const context = await browser.newContext({offline: true, ...options})
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => complaints.push('a dialog')))
  const file = pathToFileURL(path).href
  page.on('request', (request) => {
    const url = request.url()
    if (url !== file && !url.startsWith('data:')) requests.push(url)
  })
  await page.goto(file)
  await page.waitForFunction('document.documentElement.dataset.drawn !== undefined')
  return {page, complaints, requests, [Symbol.asyncDispose]: () => context.close()}
}

/** How many canvases have something painted on them, in more than a few colours: every 5th pixel. */
function painted(page: Page): Promise<number> {
  return page.evaluate(`[...document.querySelectorAll('canvas')].filter((canvas) => {
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    const colours = new Set()
    for (let at = 0; at < data.length; at += 20) {
      if (data[at + 3] > 0) colours.add(data[at] * 65536 + data[at + 1] * 256 + data[at + 2])
    }
    return colours.size > 10
  }).length`)
}

function evilReport(): RunReport {
  const report = {...fixtureReport(), leak: fixtureLeak()}
  return {
    ...report,
    reasons: [EVIL],
    nodes: report.nodes.map((node, index) => index === 0 ? {...node, node: EVIL} : node),
    faults: report.faults.map((fault) => ({...fault, name: EVIL})),
  }
}

test.each([
  ['a desk', {viewport: {width: 1280, height: 900}}],
  ['a phone at night', {
    viewport: {width: 390, height: 844}, colorScheme: 'dark', isMobile: true, hasTouch: true,
  }],
  ['a narrow phone', {viewport: {width: 320, height: 568}, isMobile: true, hasTouch: true}],
] as const)('on %s: every chart is drawn, nothing is asked for, nothing sticks out',
  async (_name, options) => {
    await using open = await openReport(evilReport(), options)
    const {page, complaints, requests} = open
    const charts = await page.locator('[data-chart]').count()
    expect(charts).toBe(13)
    expect(await painted(page)).toBe(charts)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(options.viewport.width)
    expect(await page.title()).toBe('FAIL: siege of 2026-11-22 20:15:00 UTC')
    expect(await page.getByRole('heading', {level: 1}).textContent()).toContain(EVIL)
    expect(complaints).toEqual([])
    expect(requests).toEqual([])
  })

test('on a phone no table of a usual run needs to be scrolled', async () => {
  await using open = await openReport(fixtureReport(), {viewport: {width: 390, height: 844}})
  expect(await open.page.evaluate(`[...document.querySelectorAll('.scroll')]
    .map(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)`)).toEqual([0, 0, 0])
})

test('the fault is seen: its mark, its gap and its recovery are painted', async () => {
  await using open = await openReport(fixtureReport(), {viewport: {width: 1280, height: 900}})
  // A row of the fault's chart, from left to right: where it is red or amber.
  const reds = await open.page.evaluate<number[]>(`(() => {
    const canvas = document.querySelector('.fault canvas')
    const {data, width} = canvas.getContext('2d').getImageData(
      0, Math.round(canvas.height * 0.4), canvas.width, 1)
    const found = []
    for (let x = 0; x < width; x += 1) {
      const [red, green, blue, alpha] = data.slice(x * 4, x * 4 + 4)
      if (alpha > 20 && red > blue + 40 && red > green + 40) found.push(x / width)
    }
    return found
  })()`)
  expect(reds.length).toBeGreaterThan(5)
  // The axis is from -2 s to 5 s, beside 58 pixels of labels.
  expect(Math.min(...reds)).toBeGreaterThan(0.3)
  expect(Math.max(...reds)).toBeLessThan(0.5)
})

test('the pointer tells values, in all charts of the same second', async () => {
  await using open = await openReport(fixtureReport(), {viewport: {width: 1280, height: 900}})
  const {page} = open
  const throughput = page.locator('figure', {hasText: 'Throughput'})
  const memory = page.locator('figure', {hasText: 'Memory'})
  await throughput.scrollIntoViewIfNeeded()
  await throughput.locator('.u-over').hover()
  await memory.getByText(/\d MiB$/).first().waitFor()
  const at = (figure: typeof memory) => figure.locator('.u-series').first().textContent()
  expect(await at(throughput)).toBe(await at(memory))
  expect(await throughput.locator('.u-series').nth(1).textContent()).toMatch(/delivered\d/)
})

test('on paper: white, in one column, as wide as the paper', async () => {
  await using open = await openReport(fixtureReport(), {
    viewport: {width: 1280, height: 900}, colorScheme: 'dark',
  })
  const {page} = open
  await page.evaluate(`dispatchEvent(new Event('beforeprint'))`)
  await page.waitForFunction(`document.querySelector('canvas').clientWidth < 700`)
  const background = 'getComputedStyle(document.body).backgroundColor'
  expect(await page.evaluate(background)).toBe('rgb(255, 255, 255)')
  await page.evaluate(`dispatchEvent(new Event('afterprint'))`)
  expect(await page.evaluate(background)).not.toBe('rgb(255, 255, 255)')
  expect((await page.pdf({format: 'A4'})).byteLength).toBeGreaterThan(10_000)
})
