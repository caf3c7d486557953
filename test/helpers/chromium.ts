/** Debian's browser; nothing of it may reach for the network. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import process from 'node:process'
import {chromium} from 'playwright-core'
import type {BrowserContext} from 'playwright-core'

const CHROMIUM = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
}

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext
}

export async function startChromium(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'wsmesh-chromium-'))
  const context = await chromium.launchPersistentContext(profile, CHROMIUM)
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close()
      await rm(profile, {recursive: true, force: true})
    },
  }
}
