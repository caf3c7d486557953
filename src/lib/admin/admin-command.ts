/** What the command `admin` does, from its flags to its output. */
import type {ChalkInstance} from 'chalk'

import type {ReachFlagValues} from '../cli/reach.js'
import {describeAct} from '../cli/node-act.js'
import {actOnNode} from '../operator/act-on-node.js'
import {NODE_ACTS} from '../protocol/act-frame.js'
import {WsmeshError} from '../util/errors.js'
import {withPort} from './local-nodes.js'
import {listenAddressOf} from './listen-address.js'
import {runAdmin, type AdminReady, type OnStop} from './run-admin.js'

export interface AdminCommandOptions {
  readonly flags: Omit<ReachFlagValues, 'node' | 'timeout'> & {
    readonly listen: string
    readonly 'listen-cert'?: string | undefined
    readonly 'listen-key'?: string | undefined
    readonly 'listen-insecure': boolean
    readonly 'public-url'?: string | undefined
    readonly 'read-only': boolean
    readonly expect?: number | undefined
  }
  /** For `wsmesh serve`, behind `--`. */
  readonly serveFlags: readonly string[]
  readonly version: string
  readonly packageRoot: string
  readonly colours: ChalkInstance
  readonly ready: (line: string, text: string) => void
  readonly notice: (line: string) => void
  readonly onStop: OnStop
}

/** Of one act: a click is waited for longer than a command. */
const TIMEOUT_MS = 15_000

export async function admin(options: AdminCommandOptions): Promise<void> {
  const {flags, serveFlags, colours} = options
  const [word] = serveFlags
  if (word !== undefined && !word.startsWith('-')) {
    throw new WsmeshError('USAGE', `${JSON.stringify(word)} is no flag of wsmesh serve`, {
      suggestions: ['wsmesh admin -- --port 8080 --actions ./actions'],
    })
  }
  await runAdmin(
    {
      ...listenAddressOf(flags.listen),
      reach: {...flags, timeout: TIMEOUT_MS},
      publicUrl: flags['public-url'],
      certFile: flags['listen-cert'],
      keyFile: flags['listen-key'],
      mayListenInsecurely: flags['listen-insecure'],
      isReadOnly: flags['read-only'],
      expected: flags.expect,
      serveFlags: withPort(serveFlags),
      // The page asks what it says is grave; but who restarts a node wants it to come back.
      actOnNode: async (access, node, act) =>
        describeAct(await actOnNode(access, node, act, {isSure: act !== 'restart'})),
      acts: NODE_ACTS,
      version: options.version,
      packageRoot: options.packageRoot,
      env: process.env,
      cwd: process.cwd(),
    },
    {
      ready: (ready) => options.ready(JSON.stringify(ready), readyText(ready, colours)),
      notice: options.notice,
    },
    options.onStop,
  )
}

function readyText({operatorUrl, viewerUrl, pool}: AdminReady, colours: ChalkInstance): string {
  return [
    `${colours.green('✓')} ${colours.bold('The admin is running.')}`,
    '',
    ...(operatorUrl === null ? [] : [`  Operators  ${colours.bold(colours.cyan(operatorUrl))}`]),
    `  Viewers    ${colours.cyan(viewerUrl)}`,
    `  Pool       ${pool}`,
    '',
    colours.dim('Whoever has a link may that much. Ctrl-C ends the admin, not the nodes.'),
  ].join('\n')
}
