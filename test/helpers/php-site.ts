/** examples/php-app as its README starts it: MariaDB, PHP-FPM, two nodes, nginx with TLS. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {eventually, within} from './eventually.js'
import {freePortRow} from './free-port.js'

const START = join(import.meta.dirname, '..', '..', 'examples', 'php-app', 'start')
const PORTS = 6
const UP_MS = 120_000

export interface PhpSite extends AsyncDisposable {
  readonly url: string
  /** Of the two nodes' one that the printed line kills. */
  readonly nodePid: number
  output(): string
}

export async function startPhpSite(): Promise<PhpSite> {
  const port = await freePortRow(PORTS)
  const child = spawn(START, {
    env: {...process.env, PORT: String(port)}, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
  })
  let output = ''
  const add = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', add)
  child.stderr.on('data', add)
  const exited = once(child, 'exit')
  const pid = await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`It ended: ${output}`)
      return /kill -9 (\d+)/.exec(output)?.[1]
    },
    {what: `examples/php-app/start; it said: ${output}`, timeoutMs: UP_MS},
  )
  return {
    url: `https://localhost:${port}/`,
    nodePid: Number(pid),
    output: () => output,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await within(exited, 'examples/php-app/start to stop all of it', 30_000)
    },
  }
}
