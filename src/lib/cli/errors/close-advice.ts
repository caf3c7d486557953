import type {CloseName} from '../../protocol/close-code.js'
import type {Advice} from './advice.js'

const TELLS_NODE = 'The log of the node at log level debug says which connection and why'

/** Every code with which a node closes: a new one does not compile without. */
export const CLOSE_ADVICE: Readonly<Record<CloseName, Advice>> = {
  drain: {
    what: 'The node is being stopped in order: connect again, to another.',
    why: 'An upgrade, a restart, or Ctrl-C. Messages wait in the history meanwhile.',
    todo: ['Nothing: wsmesh/client comes back by itself', 'wsmesh pool list   (which ones are up)'],
  },
  slowConsumer: {
    what: 'The client did not take what was sent to it.',
    why: 'More than --client-queue-bytes waited for it: a slow network, a page that sleeps, '
      + 'or more messages than it can ever take.',
    todo: ['Send it less: a target that is narrower, or one message for many',
      'wsmesh top   (slow consumers of each node)',
      'wsmesh who --user ID   (bytes that wait for each connection)'],
  },
  isolated: {
    what: 'The mesh goes on without this node: connect again, to another.',
    why: 'The node hung for longer than the lease, or the network cut it off from the master.',
    todo: ['wsmesh pool list', 'wsmesh doctor   (can the nodes reach each other?)'],
  },
  insufficientState: {
    what: 'The history of the node was replaced, so what the client missed is not known.',
    why: 'A change of master in which messages were dropped that were not committed, or a pool '
      + 'that came back empty.',
    todo: ['Connect again; where recovered is false, fetch the state of the page anew'],
  },
  noPong: {
    what: 'Two pings were not answered.',
    why: 'The device sleeps or lost its network, or something between holds frames back.',
    todo: ['Nothing: it comes back by itself', 'wsmesh doctor --url URL   (are proxies in order?)'],
  },
  tooMany: {
    what: 'More frames, actions or connections than one client or user may have.',
    why: 'A loop in a page, a page open very often, or strangers that prove nothing.',
    todo: ['wsmesh who --user ID   (how many connections)',
      'docs/OPERATIONS.md, Limits   (each limit with its flag and its counter)'],
  },
  sessionExpired: {
    what: 'The token or the session of the client has ended, or is another user\'s now.',
    why: 'exp of the token is over, the user logged out, or the session changed hands.',
    todo: ['Connect again with what holds now: getToken of wsmesh/client does',
      'wsmesh token --user 42 --ttl 12h   (to try)'],
  },
  unavailable: {
    what: 'Nobody can say at the moment who the client is; between nodes: not needed any more.',
    why: 'The database of --auth-sql or the page of --auth-url does not answer.',
    todo: ['wsmesh doctor   (asks both)', 'Connect again later: wsmesh/client does'],
  },
  authenticationTimeout: {
    what: 'The client did not say who it is within 10 s.',
    why: 'Its first frame has to be Client/authentication; a plain WebSocket client sends none.',
    todo: ['wsmesh connect URL --user 42   (does it right)',
      'docs/PROTOCOL.md, Authentication'],
  },
  unauthenticated: {
    what: 'The proof of the client does not hold. It should not come back with the same.',
    why: 'A token of another secret or one that has ended, a session that nobody knows, or guests '
      + 'where none are let in.',
    todo: ['wsmesh token --user 42   (one that holds)', 'wsmesh config show   (which secret)',
      TELLS_NODE],
  },
  kicked: {
    what: 'An operator or a handler closed the connection. It should not come back.',
    why: 'wsmesh kick, POST /kick, a log-out, or an action module.',
    todo: ['Log in again'],
  },
  badFrame: {
    what: 'The client sent what is no frame of the protocol.',
    why: 'No JSON, binary, another form than its first frame, or fields of the wrong kind.',
    todo: ['wsmesh connect URL   (/raw shows frames as they are, and sends any)',
      'docs/PROTOCOL.md, Client protocol', TELLS_NODE],
  },
  tooBig: {
    what: 'A frame was over its limit, or came in too many pieces.',
    why: 'A client may send 64 KiB in one frame.',
    todo: ['Send big data by HTTP, and its address as the message'],
  },
  versionUnsupported: {
    what: 'A version of the protocol that is not spoken any more.',
    why: 'Kept for later: no node sends it today.',
    todo: ['wsmesh --version   (on both sides: install the same)'],
  },
}

/** Codes of WebSocket itself that people see (RFC 6455, 7.4.1). */
export const WEBSOCKET_ADVICE: Readonly<Record<number, Advice & {readonly name: string}>> = {
  1000: {
    name: 'normal',
    what: 'Closed in order.',
    why: 'The page or program closed it; connections of the 2015 array form are always closed so.',
    todo: ['Nothing'],
  },
  1001: {
    name: 'going-away',
    what: 'The other side went away: a page was left, or a proxy is being stopped.',
    why: 'Browsers send it when a tab is closed. Nodes of wsmesh send 4000 instead.',
    todo: ['Connect again'],
  },
  1002: {
    name: 'protocol-error',
    what: 'Bytes that are no WebSocket.',
    why: 'Something between changes what is sent, or the client is no WebSocket client.',
    todo: ['wsmesh doctor --url URL   (looks at the way through the proxy)'],
  },
  1005: {
    name: 'no-status',
    what: 'Closed without a code.',
    why: 'close() was called without one, in a page or by a proxy. It is never on the wire.',
    todo: ['Connect again'],
  },
  1006: {
    name: 'abnormal',
    what: 'The connection broke without a close: it is never on the wire.',
    why: 'The node was killed, the network went away, a proxy cut an idle connection (60 s is '
      + 'usual), the upgrade was refused with an HTTP status, or a certificate does not hold.',
    todo: ['wsmesh pool list   (was it a node?)',
      'wsmesh doctor --url URL   (does the proxy keep quiet connections?)',
      'curl -i URL   (does it answer at all?)'],
  },
  1009: {
    name: 'message-too-big',
    what: 'A frame was too big for the other side.',
    why: 'Nodes close with 4503; 1009 comes from a proxy or from a client of its own.',
    todo: ['Send less in one message'],
  },
  1011: {
    name: 'internal-error',
    what: 'The other side failed.',
    why: 'No node sends it: a proxy or another server answers at this address.',
    todo: ['wsmesh doctor --url URL'],
  },
  1015: {
    name: 'tls-failed',
    what: 'TLS could not be agreed upon: it is never on the wire.',
    why: 'A certificate that ended, of another name, or signed by nobody that is trusted.',
    todo: ['wsmesh doctor --url URL', 'openssl s_client -connect host:443'],
  },
}

/** What is known of a code that no table has. Undefined: no close code at all. */
export function closeRange(code: number): string | undefined {
  if (code >= 4000 && code < 4500) return '4000 to 4499 close a connection that may come back'
  if (code >= 4500 && code < 5000) return '4500 to 4999 close one that should not come back'
  if (code >= 3000 && code < 4000) return '3000 to 3999 are of libraries, not of wsmesh'
  if (code >= 1000 && code < 3000) {
    return '1000 to 2999 are of WebSocket itself (RFC 6455): a node sends 1000 alone of them'
  }
  return undefined
}
