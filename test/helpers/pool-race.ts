import {spawn} from 'node:child_process'
import {once} from 'node:events'
import type {PoolStore} from '../../src/lib/pool/pool-store.js'
import {within} from './eventually.js'

const RACER = new URL('./pool-racer.mjs', import.meta.url).pathname

export interface Racer {
  /** Its exit code; null when it was killed. Rejects with its output when it failed. */
  readonly ended: Promise<number | null>
  output(): string
  kill(): void
  /** Resolves once the lease changes by its work. */
  isAtIt(store: PoolStore): Promise<void>
}

/** A process of its own, from the build, that swaps the pool's lease until it won so often. */
export function race(url: string, wins: number, id?: string): Racer {
  const child = spawn(process.execPath, [RACER, url, String(wins), ...(id ? [id] : [])])
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const exit = once(child, 'close').then(([code]) => {
    const isFailed = code !== 0 && !child.killed
    if (isFailed) throw new Error(`the racer ended with ${String(code)}:\n${text}`)
    return code as number | null
  })
  return {
    ended: within(exit, 'the racer to end', 50_000),
    output: () => text,
    kill: () => void child.kill('SIGKILL'),
    async isAtIt(store) {
      const before = (await store.readLease())?.version
      while ((await store.readLease())?.version === before) {
        if (child.exitCode !== null) throw new Error(`the racer ended:\n${text}`)
      }
    },
  }
}
