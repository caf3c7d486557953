/**
 * Faults of a mesh that is not the siege's own, where its nodes run on this machine: signals to
 * their processes. What ends is not started again here: that is for whoever keeps the nodes.
 */
import {readFile} from 'node:fs/promises'
import {WsmeshError} from '../../util/errors.js'

export interface LocalNode {
  readonly name: string
  readonly role: string
  /** Undefined for one on another machine, or that did not answer. */
  readonly pid: number | undefined
}

export interface LocalFaultContext {
  readonly nodes: () => readonly LocalNode[]
  readonly strike: () => void
  readonly sleep: (ms: number) => Promise<void>
}

export interface LocalFault {
  readonly fault: string
  /** Nothing may be delivered for so long, as the drills promise. */
  readonly firstMs: number
  run(context: LocalFaultContext): Promise<void>
}

const DEATH_MS = 1000
const LEASE_MS = 4000
const PAUSE_MS = 3000

export const LOCAL_FAULTS: Readonly<Record<string, LocalFault>> = {
  'kill-master': {
    fault: 'the master is killed with SIGKILL',
    firstMs: DEATH_MS,
    run: (context) => kill('master', context),
  },
  'kill-follower': {
    fault: 'a follower is killed with SIGKILL',
    firstMs: LEASE_MS,
    run: (context) => kill('follower', context),
  },
  'pause-master': {
    fault: 'the master is stopped with SIGSTOP, and goes on after 3 s',
    firstMs: LEASE_MS,
    async run(context) {
      const pid = await pidOf('master', context)
      context.strike()
      process.kill(pid, 'SIGSTOP')
      try {
        await context.sleep(PAUSE_MS)
      } finally {
        process.kill(pid, 'SIGCONT')
      }
    },
  },
}

async function kill(role: 'master' | 'follower', context: LocalFaultContext): Promise<void> {
  const pid = await pidOf(role, context)
  context.strike()
  process.kill(pid, 'SIGKILL')
}

/** Rejects with NODE_FAILED rather than touch a process that is no node of wsmesh. */
async function pidOf(role: string, {nodes}: LocalFaultContext): Promise<number> {
  const node = nodes().find((one) => one.role === role && one.pid !== undefined)
  if (node?.pid === undefined) {
    throw new WsmeshError('NODE_FAILED', `No ${role} runs on this machine`)
  }
  const command = await readFile(`/proc/${node.pid}/cmdline`, 'utf8').catch(() => '')
  if (command.split('\0').includes('serve')) return node.pid
  throw new WsmeshError('NODE_FAILED', `Process ${node.pid} is not seen to be node ${node.name}`)
}
