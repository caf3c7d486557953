import type {ServeOptions} from '../node/serve.js'
import {redactUrl} from '../sql/redact-url.js'
import type {Told} from './check.js'
import type {ApplicationFacts, OutboxFacts} from './facts.js'
import {probeHttp} from './http-probe.js'
import {tried} from './told.js'

export interface ApplicationPlace {
  readonly options: ServeOptions
  readonly dataDir: string
  readonly timeoutMs: number
}

export async function gatherApplication(place: ApplicationPlace): Promise<ApplicationFacts> {
  const {options, timeoutMs} = place
  const {url, sqlUrl} = options.auth
  const sources = []
  if (url !== undefined) sources.push({flag: '--auth-url', told: await askPage(url, timeoutMs)})
  if (sqlUrl !== undefined) {
    sources.push({flag: '--auth-sql-url', told: await askDatabase(sqlUrl, timeoutMs)})
  }
  return {outbox: await outboxFacts(place), sources, webhooks: await askWebhooks(place)}
}

async function outboxFacts(place: ApplicationPlace): Promise<OutboxFacts | undefined> {
  const {options, dataDir, timeoutMs} = place
  const {outboxUrl: url, poolPrefix: prefix} = options
  if (url === undefined) return undefined
  const {openOutboxStore} = await import('../pool/outbox/open-outbox-store.js')
  const read = await tried(async () => {
    const store = await openOutboxStore({url, prefix, dataDir, timeoutMs})
    try {
      return await store.counts()
    } finally {
      await store.close()
    }
  })
  return read.ok ? {type: 'read', ...read.value} : {type: 'failed', told: read.told}
}

/** A request without a signature: an application that checks it refuses it, which is an answer. */
async function askWebhooks({options, timeoutMs}: ApplicationPlace) {
  const {actions, events} = options.webhooks
  const urls = new Set([...actions, ...events].map(({url}) => url))
  return Promise.all([...urls].map(async (url) => ({
    url: redactUrl(url), told: await askPage(url, timeoutMs),
  })))
}

/** Any answer will do but one of a page that is not there: nobody is logged in here. */
async function askPage(url: string, timeoutMs: number): Promise<Told | undefined> {
  const answer = await probeHttp(url, {timeoutMs, method: 'POST', headers: {'content-length': '0'}})
  const shown = redactUrl(url)
  if (answer.type === 'failed') {
    return {
      code: 'NODE_FAILED', message: `${shown} does not answer: ${answer.message}`,
      suggestions: ['Is the application running, and is this its address from here?'],
    }
  }
  if (answer.status < 500 && answer.status !== 404) return undefined
  return {
    code: 'NODE_FAILED', message: `${shown} answers ${answer.status}`,
    suggestions: [`curl -i -X POST ${shown}   (docs/AUTH.md has what it answers)`],
  }
}

async function askDatabase(sqlUrl: string, timeoutMs: number): Promise<Told | undefined> {
  const {openSqlReader} = await import('../node/auth-database.js')
  const asked = await tried(async () => {
    const reader = openSqlReader(sqlUrl, timeoutMs)
    try {
      await reader.rows({sql: 'SELECT 1', values: []})
    } finally {
      await reader.close()
    }
  })
  return asked.ok ? undefined : asked.told
}
