import type {ChalkInstance} from 'chalk'

import type {ChosenContext} from '../context/apply-context.js'
import {tlsFilesOf} from '../tls-flags.js'
import {EXIT} from '../exit-code.js'
import {untilEnded} from '../ending.js'
import {meshAccessOf, type ReachFlagValues} from '../reach.js'
import {WsmeshError} from '../../util/errors.js'
import type {MeshAccess} from '../../operator/mesh-access.js'
import {clientUrlOf} from '../wire/client-url.js'
import {proofOf, type ProofFlagValues} from '../wire/proof.js'
import {runConnect} from './run-connect.js'

export interface ConnectFlagValues extends Omit<ReachFlagValues, 'node'>, ProofFlagValues {
  readonly execute?: readonly string[] | undefined
  readonly wait: number
  readonly raw: boolean
  readonly auth: boolean
  readonly origin?: string | undefined
}

export interface ConnectPrint {
  readonly asJson: boolean
  readonly out: ChalkInstance
  /** Stands in the prompt. */
  readonly context: ChosenContext | undefined
}

/** Talks until it is ended, and returns the exit status. */
export async function connectCommand(
  flags: ConnectFlagValues,
  url: string | undefined,
  {asJson, out, context}: ConnectPrint,
): Promise<number> {
  const given = url === undefined ? undefined : [clientUrlOf(url)]
  const {TlsIdentity} = await import('../../auth/tls.js')
  const tls = (await TlsIdentity.load(tlsFilesOf(flags), Date.now())).material
  using ending = untilEnded()
  const quit = new AbortController()
  const access = meshAccessOf(flags)
  try {
    const status = await runConnect({
      urls: async () => given ?? clientUrls(access),
      proof: flags.auth ? () => proofOf(flags) : undefined,
      origin: flags.origin,
      tls,
      timeoutMs: flags.timeout,
      signal: AbortSignal.any([ending.signal, quit.signal]),
      quit: () => quit.abort(),
      lines: flags.execute ?? [],
      isRaw: flags.raw,
      asJson,
      waitMs: flags.wait,
      stdin: process.stdin,
      stdout: process.stdout,
      colours: out,
      name: promptOf(flags.user ?? 'wsmesh', context, out),
    })
    // Ctrl-C is one of the ways to leave.
    return ending.exit === undefined || ending.exit === EXIT.interrupted.code ? status : ending.exit
  } finally {
    access.close()
  }
}

function promptOf(
  who: string, context: ChosenContext | undefined, colours: ChalkInstance,
): string {
  if (context === undefined) return who
  const name = context.isProduction ? colours.bgRed.white.bold(` ${context.name} `) : context.name
  return `${name} ${who}`
}

/** Where the nodes of the pool say that clients connect; those seen last while it is silent. */
async function clientUrls(access: MeshAccess): Promise<readonly string[]> {
  const nodes = await access.readPool().then(
    ({members}) => members,
    async (error: unknown) => {
      const known = await access.book.recall()
      if (!(error instanceof WsmeshError) || known.length === 0) throw error
      return known
    },
  )
  if (nodes.length > 0) return [...new Set(nodes.map(({clientUrl}) => clientUrl))]
  throw new WsmeshError('NODE_UNREACHABLE', 'The pool is empty: there is no node to connect to', {
    suggestions: ['wsmesh connect wss://example.com/WebSockets', 'wsmesh serve'],
  })
}
