/** What a node is unless told otherwise: `wsmesh serve` and programs that run one begin here. */
import {randomBytes} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {defaultMeshConfig} from '../mesh/config.js'
import {isRecord} from '../protocol/json-text.js'
import {assert} from '../util/assert.js'
import {nodeId} from '../util/brand.js'
import {OPEN_DOOR} from './client-door.js'
import {defaultNodeLimits} from './limits.js'
import {silentLog} from './log.js'
import type {NodeConfig, NodeServices} from './node-config.js'
import {NO_WEBHOOKS} from './webhooks/webhook-options.js'

/** The others take 2000 new clients a second each, unless told otherwise. */
export const LEAD_AWAY_MS = 5000

/** The id is another at each call: a node that starts again is a new member. */
export function defaultNodeConfig(): NodeConfig {
  return {
    ...defaultNodeLimits(),
    id: nodeId(`n-${randomBytes(4).toString('hex')}`),
    version: packageVersion(),
    host: '127.0.0.1',
    port: 8080,
    path: '/WebSockets',
    nodeUrl: undefined,
    nodeListen: undefined,
    publicUrl: undefined,
    guests: 'deny',
    compression: false,
    isTraced: false,
    door: OPEN_DOOR,
    recheckMs: 0,
    actions: [],
    webhooks: NO_WEBHOOKS,
    mesh: defaultMeshConfig,
    leadAwayMs: LEAD_AWAY_MS,
  }
}

/** Clocks and randomness of this process, and no log. Store and secret have no default. */
export function defaultNodeServices(): Omit<NodeServices, 'store' | 'secret'> {
  return {
    log: silentLog,
    random: {next: () => Math.random()},
    now: () => performance.now(),
    wallClock: () => Date.now(),
  }
}

/** The same number of folders up from src and from dist. */
function packageVersion(): string {
  const url = new URL('../../../package.json', import.meta.url)
  const about: unknown = JSON.parse(readFileSync(url, 'utf8'))
  assert(isRecord(about) && typeof about['version'] === 'string', `No version in ${url.href}`)
  return about['version']
}
