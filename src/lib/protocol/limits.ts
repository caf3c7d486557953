/** Every maximum of the wire, with its unit and its reason (P9). */
export const LIMITS = {
  /** A client's frame: larger than any chat message, small enough to hold thousands at once. */
  clientFrameBytes: 64 * 1024,
  /** A client's frame before it proved who it is: a token and a session fit many times. */
  unauthenticatedFrameBytes: 16 * 1024,
  /** An action's name, in UTF-8. */
  actionBytes: 255,
  /** Details of one message as JSON: what operators and handlers may publish. */
  detailsBytes: 1024 * 1024,
  /** A frame between nodes: a batch of relay entries, the largest message in it. */
  nodeFrameBytes: 8 * 1024 * 1024,
  /** Items of one list in a node frame: entries, counts, term ends, origins. */
  nodeFrameItems: 1_000_000,
  /** Members of one view, nodes of one receipt. */
  viewNodes: 1000,
  /** An address of a node or for clients, in UTF-8: it fits a fixed-width column. */
  urlBytes: 255,
  /** A text frame of the handshake between nodes and operators. */
  handshakeFrameBytes: 4096,
  /** A request of an operator: details, and a target with all the ids it may have. */
  operatorFrameBytes: 8 * 1024 * 1024,
  /** Messages of one request to publish by HTTP, which has operatorFrameBytes at most. */
  batchMessages: 1000,
  /** Users in one answer to `who`: a page of them, of 1 MiB or a little more at most. */
  whoUsers: 1000,
  /** Sessions, and groups, named of one user in such an answer. */
  whoNames: 50,
  /** Connections named of one user in it. */
  whoTabs: 200,
  /** Messages in one answer to `explain`. */
  explainMessages: 50,
  /** Connections named of one message that was asked for; the rest is counted. */
  explainConnections: 100,
  /** And of each where the last ones were. */
  explainConnectionsEach: 10,
  /** Ids of a message's target that it repeats. */
  explainIds: 20,
  /** Classes of which one `soak` follows what holds them. */
  soakClasses: 8,
  /** Ids of users, groups and sessions, filter keys and values, in UTF-8. */
  idBytes: 255,
  /** A message's id as its caller chose it, in UTF-8: a UUID fits almost twice. */
  callerIdBytes: 64,
  /** `tracestate` of a message: what W3C Trace Context asks to be passed on. */
  traceStateBytes: 512,
  /**
   * Callers' ids that the mesh remembers, the newest: by number, and by bytes, since they all
   * travel in one frame to a node that joins. 6 MiB hold the full number of ids of up to 45 bytes,
   * and leave 2 MiB of a node frame to what stands beside them (origins, nodes of a view).
   */
  callers: 100_000,
  callersBytes: 6 * 1024 * 1024,
  /** Ids in one target. */
  targetIds: 10_000,
  /** What a client says of its browser. */
  userAgentBytes: 1024,
  /** Groups of one user. */
  identityGroups: 1000,
  /** A session's proof: an encrypted cookie of a framework fits; its id has idBytes at most. */
  sessionProofBytes: 4096,
  /** Properties of one connection that an application or its handlers set. */
  properties: 32,
  /** Keys in one filter: each is compared for each connection. */
  filterPairs: 16,
  /** JSON nesting: a client cannot make a decoder recurse without end. */
  jsonDepth: 64,
  /** No proof of identity within this closes. */
  handshakeMs: 10_000,
  /** Between pings; proxies cut idle sockets at 60 s. */
  pingMs: 25_000,
  /** A quiet wsmesh.v1 client is told its position so often: a third of the history window. */
  positionMs: 20_000,
  /** A close reason, RFC 6455. */
  closeReasonBytes: 123,
} as const
