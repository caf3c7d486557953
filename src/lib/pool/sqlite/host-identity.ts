import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {hostname} from 'node:os'

/**
 * Which machine this is, and which of its boots. A pool file of another machine may be in use
 * there over a network folder, where SQLite cannot lock; members of an earlier boot are dead.
 */
export interface HostIdentity {
  readonly machine: string
  /** Empty where the system does not tell. */
  readonly boot: string
}

export function readHostIdentity(): HostIdentity {
  return {machine: machineName(), boot: readText('/proc/sys/kernel/random/boot_id')}
}

/**
 * Host name and a digest: the system's machine id is stable but not to be shown, and a host name
 * alone changes with networks.
 */
function machineName(): string {
  const id = readText('/etc/machine-id')
  if (id === '') return hostname()
  const digest = createHash('sha256').update(`wsmesh ${id}`).digest('hex').slice(0, 16)
  return `${hostname()}#${digest}`
}

/** The part that tells machines apart: what follows #, or the whole name. */
export function isSameMachine(one: string, other: string): boolean {
  return one.slice(one.indexOf('#') + 1) === other.slice(other.indexOf('#') + 1)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    // Not every system has these files: then the identity does without.
    return ''
  }
}
