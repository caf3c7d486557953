/** Parts by the words of operators: what each is, and what to do when it is full. */
import type {Part, PartName} from '../../scale/part.js'
import type {RelayKind} from '../../scale/question.js'

const NAMES: Readonly<Record<PartName, string>> = {
  clients: "a node's --max-clients",
  memory: "a node's memory",
  node: "a node's core",
  master: "the master's core",
  network: 'the network',
  return: 'the return of a dead node\'s clients',
  store: 'the pool store',
  stream: 'the NATS server that leads the stream',
  servers: 'the cores of the NATS servers',
  'server-memory': 'the memory of a NATS server',
}

export function nameOf(part: PartName): string {
  return NAMES[part]
}

const HELP: Readonly<Record<PartName, string>> = {
  clients: 'more nodes, or serve --max-clients (and as many open files)',
  memory: 'more nodes',
  node: 'more nodes, if its clients are what it has to do',
  master: 'fewer nodes with more clients each, or serve --relay nats://…',
  network: 'fewer nodes, shorter messages',
  return: 'more nodes, serve --history-bytes, serve --max-connects-per-second',
  store: 'fewer nodes, or two meshes',
  stream: 'a faster machine for NATS, or two meshes',
  servers: 'NATS on machines with more cores, fewer nodes',
  'server-memory': 'more memory for NATS, fewer nodes',
}

/** What to do. A follower reads messages that are for none of its clients: nodes do not help. */
export function helpFor({name, at}: Part, relay: RelayKind): string {
  if (name === 'node' && relay === 'master') return `${HELP.node}; else serve --relay nats://…`
  if (name === 'network' && at === 'the master') return 'fewer nodes, or serve --relay nats://…'
  if (name === 'memory' && relay === 'nats') return 'fewer nodes with more memory, --slots'
  return HELP[name]
}
