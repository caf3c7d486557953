/** The application that README.md sends people to, in the browser, with one of its nodes killed. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {chromium} from 'playwright-core'
import type {Browser, Page} from 'playwright-core'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {startPhpSite} from '../helpers/php-site.js'

let browser: Browser
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-chromium-'))
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
})

afterAll(async () => {
  await browser.close()
  await rm(folder, {recursive: true, force: true})
})

/** A browser of its own: other cookies. */
async function logIn(url: string, user: string): Promise<Page> {
  // The CA was made for this run: Chromium does not know it.
  const context = await browser.newContext({ignoreHTTPSErrors: true})
  const page = await context.newPage()
  await page.goto(url)
  await page.getByLabel('Your name').fill(user)
  await page.getByRole('button', {name: 'Log in'}).click()
  await page.locator('#state[data-state=open]').waitFor()
  return page
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByRole('button', {name: 'Say'}).click()
}

test('two users chat, pay and log out; a killed node costs no message', async () => {
  await using site = await startPhpSite()
  const ann = await logIn(site.url, 'ann')
  const bob = await logIn(site.url, 'bob')
  const secondTab = await ann.context().newPage()
  await secondTab.goto(site.url)
  await secondTab.locator('#state[data-state=open]').waitFor()

  await say(ann, '<b>Hi</b>, Bob')
  for (const page of [ann, secondTab, bob]) {
    await page.locator('#chat li').filter({hasText: 'ann <b>Hi</b>, Bob'}).waitFor()
  }

  await ann.getByRole('button', {name: 'Pay, and fail'}).click()
  await ann.getByText('was taken back').waitFor()
  await ann.getByRole('button', {name: 'Pay 10 €'}).click()
  for (const page of [ann, secondTab]) await page.locator('#paid li').waitFor()
  // The one that was committed, and it is not Bob's business.
  expect(await ann.locator('#paid li').allTextContents()).toEqual(['Payment 2 of 10 € is made'])
  expect(await bob.locator('#paid li').count()).toBe(0)

  for (let n = 1; n <= 20; n += 1) {
    if (n === 5) process.kill(site.nodePid, 'SIGKILL')
    await say(bob, `line ${n}`)
    await bob.locator('#state[data-state=open]').waitFor({timeout: 60_000})
  }
  const lines = Array.from({length: 20}, (_, n) => `bob line ${n + 1}`)
  for (const page of [ann, secondTab, bob]) {
    await page.locator('#chat li').filter({hasText: /line 20$/}).waitFor({timeout: 60_000})
    const said = (await page.locator('#chat li').allTextContents()).map((text) => text.trim())
    expect(said.filter((text) => text.includes('line'))).toEqual(lines)
  }

  await ann.getByRole('button', {name: 'Log out'}).click()
  await ann.getByRole('button', {name: 'Log in'}).waitFor()
  await secondTab.locator('#state[data-state=closed]').waitFor()
  expect(await bob.locator('#state').getAttribute('data-state')).toBe('open')
}, 240_000)
