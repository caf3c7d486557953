/** A mesh of some size, as somebody asks about it, and what follows from that alone. */

export type RelayKind = 'master' | 'nats'

export interface Question {
  readonly relay: RelayKind
  /** Processes that serve: a node is one, and uses one core for all but its crypto. */
  readonly nodes: number
  /** Who is connected at one time. */
  readonly users: number
  /** Connections of each. */
  readonly tabs: number
  /** Messages published a second, in all, at all nodes alike. */
  readonly ratePerS: number
  /** Of these, what goes to one user, to a group, to everyone: shares, together 1. */
  readonly mix: Mix
  /** Users in a group that gets a message, of those connected. */
  readonly groupUsers: number
  /** Of a message's text. */
  readonly textBytes: number
  /** How long a connection lasts, on average. */
  readonly visitMs: number
  /** Clients come encrypted to the node itself, and no proxy does it. */
  readonly isTls: boolean
  /** Each node may hold so much. */
  readonly memoryBytes: number
  readonly networkBitsPerS: number
  /** `--max-clients`, `--max-connects-per-second`, `--history-bytes`, `--history-seconds`. */
  readonly clientsMax: number
  readonly connectsPerS: number
  readonly historyBytes: number
  readonly historyMs: number
  /** `--relay-slots`, `--relay-replicas`; there are as many NATS servers as replicas. */
  readonly slots: number
  readonly replicas: number
  readonly serverCores: number
}

export interface Mix {
  readonly user: number
  readonly group: number
  readonly everyone: number
}

/** On the links: an envelope and its place; measured, beside the text. */
const LINK_BYTES = 40
/** In a client's frame: id, position, action. */
const CLIENT_FRAME_BYTES = 93
/** What a write adds below: frame, TCP, IP, Ethernet. */
export const PACKET_BYTES = 80
/** What NATS adds to a message: subject, headers. */
const PARCEL_BYTES = 220
/** As the history counts a message, beside its text. */
const HISTORY_ENTRY_BYTES = 260

export interface Shape {
  readonly connections: number
  /** At each node. */
  readonly clients: number
  /** Who come a second, at each node, and as many go. */
  readonly arrivalsPerS: number
  /** At each node: users with a tab there. */
  readonly usersHere: number
  readonly linkBytes: number
  readonly clientBytes: number
  readonly parcelBytes: number
  readonly historyEntryBytes: number
  /** Connections that a message is for, at each node; of those to everyone not. */
  readonly someHere: number
}

export function shapeOf(question: Question): Shape {
  const {nodes, users, tabs, textBytes, visitMs, mix, groupUsers} = question
  const connections = users * tabs
  const clients = connections / nodes
  return {
    connections,
    clients,
    arrivalsPerS: clients / (visitMs / 1000),
    usersHere: users * somewhere(nodes, tabs),
    linkBytes: textBytes + LINK_BYTES,
    clientBytes: textBytes + CLIENT_FRAME_BYTES,
    parcelBytes: textBytes + PARCEL_BYTES,
    historyEntryBytes: textBytes + HISTORY_ENTRY_BYTES,
    someHere: ((mix.user + mix.group * Math.min(groupUsers, users)) * tabs) / nodes,
  }
}

/** Of `nodes`, the share of those that at least one of `count` is at, each of whom is at any. */
export function somewhere(nodes: number, count: number): number {
  return nodes <= 1 ? Math.min(1, count) : 1 - Math.pow(1 - 1 / nodes, count)
}
