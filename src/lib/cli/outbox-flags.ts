import {Flags} from '@oclif/core'

import {defaultDataDir} from '../auth/data-dir.js'
import type {OpenOutboxOptions} from '../pool/outbox/open-outbox-store.js'
import {WsmeshError} from '../util/errors.js'
import {DEFAULT_POOL_URL} from './reach.js'

/** Rows of the application's database that become messages: flags of `serve`. */
export function outboxFlags() {
  return {
    outbox: Flags.boolean({
      env: 'WSMESH_OUTBOX', default: false, helpGroup: 'OUTBOX',
      summary: 'send what the application inserts into the table wsmesh_outbox',
    }),
    ...outboxUrlFlag(),
  }
}

export function outboxUrlFlag() {
  return {
    'outbox-url': Flags.string({
      env: 'WSMESH_OUTBOX_URL', helpGroup: 'OUTBOX', helpValue: 'URL',
      summary: "the database of that table, if not the pool's",
    }),
  }
}

interface OutboxUrlFlagValues {
  readonly 'outbox-url'?: string | undefined
  readonly pool?: string | undefined
}

/** Where the table is for `serve`; undefined: there is none. Throws USAGE. */
export function outboxUrlOf(
  flags: OutboxUrlFlagValues & {readonly outbox?: boolean},
): string | undefined {
  // Who names its database means it.
  return flags.outbox === true || flags['outbox-url'] !== undefined ? urlOf(flags) : undefined
}

export interface OutboxFlagValues extends OutboxUrlFlagValues {
  readonly 'pool-prefix': string
  readonly 'data-dir'?: string | undefined
}

/** The outbox of the commands about it. Throws USAGE. */
export function outboxOptionsOf(flags: OutboxFlagValues): OpenOutboxOptions {
  const dataDir = flags['data-dir'] ?? defaultDataDir(process.env)
  return {url: urlOf(flags), prefix: flags['pool-prefix'], dataDir}
}

function urlOf(flags: OutboxUrlFlagValues): string {
  const url = flags['outbox-url']
  if (url !== '') return url ?? flags.pool ?? DEFAULT_POOL_URL
  throw new WsmeshError('USAGE', '--outbox-url is empty', {
    suggestions: ["leave it out: the outbox is in the pool's database", '--outbox-url mysql://…'],
  })
}
