/** Names of what a drill makes in the system's network, so that leftovers tell whose they were. */
import {isMarkAlive, pidOf, readMark} from '../../process/process-mark.js'
import type {ProcessMark} from '../../process/process-mark.js'
import {runIp} from './run-ip.js'

const PREFIX = 'wsmesh-'
const NAME = /^wsmesh-(\d+-\d+)-/

/** The namespace in the middle, to which all others are linked. */
export const MIDDLE = 'middle'

export function namespaceOf(mark: ProcessMark, place: string): string {
  return `${PREFIX}${mark}-${place}`
}

/** The end of the way into the middle that stays outside: at most 15 bytes. */
export function linkOf(mark: ProcessMark): string {
  return `wsm-${pidOf(mark)}`
}

/** Removes the namespaces of drills that were killed, and kills what still runs in them. */
export async function removeLeftoverNamespaces(): Promise<void> {
  for (const line of (await runIp(['netns', 'list'])).split('\n')) {
    const [name = ''] = line.split(' ')
    const mark = readMark(NAME.exec(name)?.[1] ?? '')
    if (mark === undefined || isMarkAlive(mark)) continue
    // Two drills that start at once may both come here: the slower finds nothing.
    await removeNamespace(name).catch(() => {})
  }
}

/** Its links go with it. Whatever still runs there is killed. */
export async function removeNamespace(name: string): Promise<void> {
  const pids = (await runIp(['netns', 'pids', name])).split('\n').map(Number).filter(Boolean)
  for (const pid of pids) kill(pid)
  await runIp(['netns', 'delete', name])
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
