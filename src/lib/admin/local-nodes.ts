/** Supervised nodes of this machine: started by a click, and found again by whoever comes later. */
import {listSupervisors} from '../supervisor/node-files.js'
import type {SupervisorFile} from '../supervisor/node-files.js'
import {requestReload} from '../supervisor/reload-request.js'
import {startSupervisor} from '../supervisor/start-supervisor.js'
import type {LocalNode} from './wire.js'

export type KnownLocalNode = Omit<LocalNode, 'state'>

export interface LocalNodes {
  /** Starts one more, which outlives this process. Rejects with NODE_FAILED. */
  start(): Promise<KnownLocalNode>
  /** Has a supervisor replace its nodes; does not wait for it. */
  reload(supervisorPid: number): Promise<void>
  /** Those that run, whoever started them in this data folder. */
  list(): Promise<readonly KnownLocalNode[]>
}

export interface LocalNodesOptions {
  readonly dataDir: string
  readonly binFile: string
  /** For `wsmesh serve`; any free port, unless they say one. */
  readonly serveFlags: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly command: string
}

export function localNodes(options: LocalNodesOptions): LocalNodes {
  const {serveFlags: flags, ...rest} = options
  return {
    start: async () => {
      const file = await startSupervisor({...rest, flags})
      return known(file, file.nodes[0])
    },
    reload: async (pid) => void (await requestReload(options.dataDir, pid)),
    list: async () => (await listSupervisors(options.dataDir)).flatMap(knownOf),
  }
}

/** Each node of a supervisor, or the one that is not there yet. */
function knownOf(file: SupervisorFile): readonly KnownLocalNode[] {
  return file.nodes.length === 0 ? [known(file)] : file.nodes.map((node) => known(file, node))
}

function known({pid, startedAt, command}: SupervisorFile, nodeId?: string): KnownLocalNode {
  return {supervisorPid: pid, nodeId: nodeId ?? null, command, startedAt}
}

/** Several nodes of one machine cannot have one port: any free one, where nobody said which. */
export function withPort(flags: readonly string[]): readonly string[] {
  const hasPort = flags.some((flag) => /^(?:--port(?:=|$)|-p)/.test(flag))
  return hasPort ? flags : ['--port', '0', ...flags]
}
