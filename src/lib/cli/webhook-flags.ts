import {Flags} from '@oclif/core'

import {EVENT_TYPES} from '../node/webhooks/webhook-options.js'
import type {ActionRoute, EventRoute, WebhookOptions} from '../node/webhooks/webhook-options.js'
import {isReservedAction} from '../protocol/published-action.js'
import {WsmeshError} from '../util/errors.js'
import {repeatable} from './flags.js'
import {checkedHttpUrl} from './http-url.js'

/** What clients do, for the application: flags of `serve`. */
export function webhookFlags() {
  const helpGroup = 'WEBHOOKS'
  return {
    webhook: repeatable({
      helpGroup, helpValue: 'ACTIONS=URL',
      summary: "actions that the application handles: 'chat/*=https://app/ws' (repeatable)",
    }),
    'webhook-events': repeatable({
      helpGroup, helpValue: '[EVENTS=]URL',
      summary: 'tell it of connected,disconnected,user.first,user.last; all, if none is named',
    }),
    'webhook-idempotent': Flags.boolean({
      helpGroup, env: 'WSMESH_WEBHOOK_IDEMPOTENT',
      summary: 'it knows repeats by webhook-id: ask again after a failure',
    }),
  }
}

/** What webhookFlags() parse to. */
export interface WebhookFlagValues {
  readonly webhook?: readonly string[] | undefined
  readonly 'webhook-events'?: readonly string[] | undefined
  readonly 'webhook-idempotent'?: boolean | undefined
}

/** Throws USAGE. */
export function webhookOptionsOf(flags: WebhookFlagValues): WebhookOptions {
  return {
    actions: (flags.webhook ?? []).map(actionRoute),
    events: (flags['webhook-events'] ?? []).map(eventRoute),
    isIdempotent: flags['webhook-idempotent'] ?? false,
  }
}

function actionRoute(text: string): ActionRoute {
  const [pattern, url] = splitAt(text)
  if (pattern === undefined || pattern === '') {
    throw new WsmeshError('USAGE', `--webhook ${JSON.stringify(text)} is not ACTIONS=URL`, {
      suggestions: [
        "--webhook 'chat/*=http://127.0.0.1/ws.php'", "--webhook '**=…'   (all actions)",
      ],
    })
  }
  if (isReservedAction(pattern)) {
    throw new WsmeshError('USAGE', `--webhook ${pattern}: Client/… are no actions of clients`, {
      suggestions: ['--webhook-events http://127.0.0.1/events.php   (who comes and goes)'],
    })
  }
  return {pattern, url: checkedHttpUrl(url, `--webhook '${pattern}=…'`, '/ws.php')}
}

function eventRoute(text: string): EventRoute {
  const [names, url] = splitAt(text)
  const checked = checkedHttpUrl(url, '--webhook-events', '/events.php')
  if (names === undefined) return {types: EVENT_TYPES, url: checked}
  const types = names.split(',').map((name) => {
    const type = EVENT_TYPES.find((known) => known === name.trim())
    if (type !== undefined) return type
    throw new WsmeshError('USAGE', `--webhook-events: there is no event ${JSON.stringify(name)}`, {
      suggestions: EVENT_TYPES.map((known) => `--webhook-events ${known}=${checked}`),
    })
  })
  return {types, url: checked}
}

/** A URL may have a = of its own, behind its ://. */
function splitAt(text: string): readonly [before: string | undefined, url: string] {
  const at = text.indexOf('=')
  const scheme = text.indexOf('://')
  if (at < 0 || (scheme >= 0 && scheme < at)) return [undefined, text]
  return [text.slice(0, at), text.slice(at + 1)]
}
