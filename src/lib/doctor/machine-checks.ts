import {type Check, error, type Problem, type Verdict, warning} from './check.js'
import type {Facts, PlaceFacts} from './facts.js'

/** What package.json asks for. */
const NODE_MIN = [20, 19] as const
/** Beside the clients: links, operators, requests, files, the store. */
const OTHER_FILES = 500

export const MACHINE_CHECKS: readonly Check[] = [
  {
    id: 'node-version',
    title: `Node is ${NODE_MIN.join('.')} or newer`,
    judge: ({machine}) => judgeNodeVersion(machine.nodeVersion),
  },
  {
    id: 'open-files',
    title: 'enough files may be open for all clients',
    judge: judgeOpenFiles,
  },
  {
    id: 'ports',
    title: 'the ports of a node are free, or a node listens there',
    judge: ({machine}) => machine.places.flatMap(judgePlace),
  },
]

function judgeNodeVersion(version: string): Verdict {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [majorMin, minorMin] = NODE_MIN
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return []
  return [error(
    `Node is ${version}`,
    `wsmesh is made for and tested with ${NODE_MIN.join('.')} and newer`,
    'Install a newer Node: https://nodejs.org',
  )]
}

function judgeOpenFiles({settings, machine}: Facts): Verdict {
  const needed = settings.clientsMax + OTHER_FILES
  const todo = (filesMax: number) => [
    `LimitNOFILE=${roundUp(needed)} in the systemd unit, or ulimit -n ${roundUp(needed)}`,
    `--max-clients ${Math.max(1, filesMax - OTHER_FILES)}   (more are sent to other nodes)`,
  ]
  const why = 'every client is an open file: past the limit nobody can connect, '
    + 'and links to other nodes and the pool fail too'
  const running = machine.processes.flatMap(({id, pid, filesMax, filesOpen}): Problem[] => {
    if (filesMax === undefined || filesMax >= needed) return []
    const open = filesOpen === undefined ? '' : `, ${filesOpen} are open`
    return [warning(
      `node ${id} (pid ${pid}) may have ${filesMax} files open${open}; `
        + `--max-clients ${settings.clientsMax} needs ${needed}`,
      why,
      ...todo(filesMax),
    )]
  })
  const {filesMax} = machine
  // What runs is what counts: this command may have another limit.
  if (machine.processes.length > 0 || filesMax === undefined || filesMax >= needed) return running
  return [warning(
    `a process may have ${filesMax} files open here; `
      + `--max-clients ${settings.clientsMax} needs ${needed}`,
    why,
    ...todo(filesMax),
  )]
}

function roundUp(count: number): number {
  const step = 10 ** Math.max(3, Math.floor(Math.log10(count)))
  return Math.ceil(count / step) * step
}

function judgePlace({flag, place, state, owner}: PlaceFacts): readonly Problem[] {
  switch (state) {
    case 'free':
    case 'ours':
    case 'unknown':
      return []
    case 'taken':
      return [error(
        `${place} (${flag}) is taken by ${owner ?? 'another process'}`,
        'a node cannot start there',
        `End ${owner ?? 'that process'}, or give another ${flag}`,
      )]
    case 'denied':
      return [error(
        `this user may not listen at ${place} (${flag})`,
        'ports below 1024 belong to root',
        `${flag} with a port of 1024 or more, and a proxy before it`,
        'AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit',
      )]
    case 'no-address':
      return [error(
        `${place} (${flag}) is no address of this machine`,
        'a node cannot start there',
        'ip addr   (the addresses of this machine)',
        '--host 0.0.0.0   (all of them), and --node-url with the one that others dial',
      )]
    default:
      return state satisfies never
  }
}
