import {spawn} from 'node:child_process'
import {PageTarget} from '../../src/lib/siege/soak/soak-target.js'
import {eventually} from './eventually.js'

export type Fault = 'objects' | 'strings' | 'listeners' | 'timers' | 'buffers' | 'files'
  | 'cache' | 'once'

export interface LeakyServer extends AsyncDisposable {
  readonly target: PageTarget
}

const script = new URL('./leaky-server.mjs', import.meta.url).pathname

/** A server with these faults, as a process of its own. */
export async function startLeaky(name: string, ...faults: readonly Fault[]): Promise<LeakyServer> {
  const child = spawn(process.execPath, [script, ...faults], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const port = await eventually(() => text.includes('\n') && text.trim(), {
    what: 'a port', timeoutMs: 30_000,
  })
  const place = {name, clientUrl: `ws://127.0.0.1:${port}/`, operatorUrl: undefined}
  return {
    target: new PageTarget(place, `http://127.0.0.1:${port}/sample`),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('close', resolve))
    },
  }
}
