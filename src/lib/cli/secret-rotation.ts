import {defaultDataDir} from '../auth/data-dir.js'
import {rotateSecret} from '../auth/rotate-secret.js'
import {webhookKey} from '../auth/keys.js'
import {loadSecret} from '../auth/secret.js'
import {viewerFileOf, type RotationStep} from '../auth/secret-file.js'
import {WsmeshError} from '../util/errors.js'

export interface SecretFlagValues {
  readonly 'data-dir'?: string | undefined
  readonly 'secret-file'?: string | undefined
}

/** What `secret rotate --json` prints; an API. */
export interface RotationJson {
  readonly step: RotationStep
  readonly path: string
  /** In the file now: the one in use and those that are accepted beside it. */
  readonly secrets: number
}

function sourceOf(flags: SecretFlagValues) {
  const {env} = process
  const dataDir = flags['data-dir'] ?? defaultDataDir(env)
  return {secretFile: flags['secret-file'], env, dataDir}
}

/** One step of a change, in the file that the flags name. Throws as rotateSecret. */
export async function runRotation(
  flags: SecretFlagValues,
  step: RotationStep,
): Promise<RotationJson> {
  return {step, ...(await rotateSecret(sourceOf(flags), step))}
}

const COPY = 
  'Copy the file to every server, and wait until each node said: The secret was read again.'

/** What happened, with what to do next. */
export function describeRotation({step, path}: RotationJson): string {
  switch (step) {
    case 'add':
      return `${path}: a new secret is accepted, not yet used.\n${COPY}\n`
        + 'Next: wsmesh secret rotate --use'
    case 'use':
      return `${path}: the new secret is in use, the one before it still accepted.\n${COPY}\n`
        + 'When the last token of the old one has ended: wsmesh secret rotate --finish'
    case 'finish':
      return `${path}: only the new secret is left.\n${COPY}`
    default:
      return step satisfies never
  }
}

/** The line of a viewer's file. Throws NOT_ALLOWED for a viewer's secret, else as loadSecret. */
export async function makeViewer(flags: SecretFlagValues): Promise<string> {
  const secret = await loadSecret({...sourceOf(flags), mayMake: false})
  if (secret.rights === 'operator') return viewerFileOf(secret).trimEnd()
  throw new WsmeshError('NOT_ALLOWED', `The secret from ${secret.source} is a viewer's already`)
}

/** The key of webhooks, as Standard Webhooks writes one. Throws as makeViewer. */
export async function makeWebhookSecret(flags: SecretFlagValues): Promise<string> {
  const secret = await loadSecret({...sourceOf(flags), mayMake: false})
  if (secret.rights === 'operator') return webhookKey(secret)
  throw new WsmeshError('NOT_ALLOWED', `The secret from ${secret.source} is a viewer's`, {
    suggestions: ["--secret-file FILE   (the mesh's own secret)"],
  })
}
