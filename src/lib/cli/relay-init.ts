/** `wsmesh relay init`: the stream, made; or in words for whoever may make streams. */
import {awaitStream} from '../nats/await-stream.js'
import {livePrefix, storedPrefix, streamConfig, streamName, type StreamSettings}
  from '../nats/stream.js'
import {WsmeshError} from '../util/errors.js'
import type {RelayOptions} from './relay-flags.js'

export interface StreamDescription {
  readonly text: string
  readonly stream: string
  readonly config: Readonly<Record<string, unknown>>
  /** Subjects that a node's user must be allowed. */
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

export function describeStream(settings: StreamSettings): StreamDescription {
  const stream = streamName(settings)
  const config = streamConfig(settings)
  const {mesh} = settings
  const publish = [
    `${storedPrefix(settings)}.>`, `${mesh}.n.>`,
    `$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.MSG.GET.${stream}`,
  ]
  const subscribe = [
    `${livePrefix(settings)}.>`, `${mesh}.n.>`, '_INBOX.>',
    `$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${stream}`,
  ]
  const text = [
    `# nats stream add --config wsmesh.json   (this, as wsmesh.json)`,
    JSON.stringify(config, undefined, 2),
    '',
    "# what a node's user needs, in the servers' configuration",
    'permissions {',
    `  publish: ${JSON.stringify(publish)}`,
    `  subscribe: ${JSON.stringify(subscribe)}`,
    '}',
  ].join('\n')
  return {text, stream, config, publish, subscribe}
}

/** Rejects as awaitStream and connectNats do; `onWait` as there. */
export async function makeStream(
  relay: RelayOptions | undefined, onWait: (why: WsmeshError) => void,
): Promise<{readonly stream: string; readonly differs: readonly string[]}> {
  if (relay === undefined) {
    throw new WsmeshError('USAGE', 'A mesh with a master has no stream', {
      suggestions: ['--relay nats://host:4222', '--print'],
    })
  }
  const {connectNats} = await import('../nats/nats-client.js')
  const client = await connectNats(relay.nats, () => {})
  try {
    const differs = await awaitStream(client, relay.stream, onWait)
    return {stream: streamName(relay.stream), differs}
  } finally {
    await client.close()
  }
}
