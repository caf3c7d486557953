/** Supervised nodes of this machine: started by a click, and found again by whoever comes later. */
import {listSupervisedNodes, restartSupervisedNode} from '../supervisor/node-files.js'
import type {SupervisedNode} from '../supervisor/node-files.js'
import {startSupervisedNode} from '../supervisor/start-supervised-node.js'
import type {LocalNode} from './wire.js'

export type KnownLocalNode = Omit<LocalNode, 'state'>

export interface LocalNodes {
  /** Starts one more, which outlives this process. Rejects with NODE_FAILED. */
  start(): Promise<KnownLocalNode>
  /** Has the node of a supervisor drain, and started again; does not wait for it. */
  restart(supervisorPid: number): Promise<void>
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
    start: async () => known(await startSupervisedNode({...rest, flags})),
    restart: (pid) => restartSupervisedNode(options.dataDir, pid),
    list: async () => (await listSupervisedNodes(options.dataDir)).map(known),
  }
}

function known({pid, node, startedAt, command}: SupervisedNode): KnownLocalNode {
  return {supervisorPid: pid, nodeId: node, command, startedAt}
}

/** Several nodes of one machine cannot have one port: any free one, where nobody said which. */
export function withPort(flags: readonly string[]): readonly string[] {
  const hasPort = flags.some((flag) => /^(?:--port(?:=|$)|-p)/.test(flag))
  return hasPort ? flags : ['--port', '0', ...flags]
}
