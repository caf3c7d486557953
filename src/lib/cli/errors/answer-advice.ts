import type {MeshErrorCode} from '../../client/mesh-error.js'
import type {Advice} from './advice.js'

const LIMITS = 'docs/OPERATIONS.md, Limits   (each limit with its flag and its counter)'

/**
 * Statuses as of HTTP: what a node answers to a request, to the upgrade of a WebSocket, and in
 * `<action>:error` to what a client sent.
 */
export const ANSWER_ADVICE: Readonly<Record<number, Advice>> = {
  400: {
    what: 'The request cannot be understood; the text says why.',
    why: 'Wrong JSON, a field that is missing or too much, or the subprotocol of /mesh is missing. '
      + 'Handlers answer it for reasons of their own.',
    todo: ['docs/API.md or docs/PROTOCOL.md   (what it has to be)'],
  },
  401: {
    what: 'Nothing was given to prove who asks.',
    why: 'No API key; or a client sent an action before Client/authentication.',
    todo: ['wsmesh api key NAME   (makes a key)', 'wsmesh token --user 42   (for a client)'],
  },
  403: {
    what: 'The proof does not hold, or does not allow this.',
    why: 'A token of another secret, another user on the same connection, an API key without this '
      + 'right, a page of an origin that --origin does not name, or a browser where none may be.',
    todo: ['wsmesh config show   (which secret, which origins)', 'wsmesh api keys'],
  },
  404: {
    what: 'Nothing handles this: no such path, node or action.',
    why: 'No module of --actions and no --webhook takes the action; or a path that is written '
      + 'another way (--path), or /mesh where nodes have a listener of their own.',
    todo: ['wsmesh serve --actions FILE', 'wsmesh config show'],
  },
  405: {what: 'Another method is needed.', why: 'POST where GET is right, or the other way.',
    todo: ['The header Allow names it']},
  408: {
    what: 'The request was not there in time.',
    why: 'A slow client or proxy: 10 s (--handshake-timeout).',
    todo: ['wsmesh doctor --url URL'],
  },
  413: {what: 'The body is too big.', why: '8 MiB at most.', todo: ['Send several batches']},
  415: {
    what: 'The body is of a kind that is not read.',
    why: 'JSON in UTF-8 is needed, not compressed.',
    todo: ["curl -H 'Content-Type: application/json' …"],
  },
  424: {
    what: 'Another message of the batch is wrong, so none of them was sent.',
    why: 'The batch has the mode "all".',
    todo: ['Put the one right that has another status, or use the mode "each"'],
  },
  429: {
    what: 'More actions, connections or requests than one client, user or key may have.',
    why: 'A loop in a page or script, or a limit that is too low for it.',
    todo: [LIMITS, 'wsmesh api keys   (the rate of each)', 'The header Retry-After says when'],
  },
  431: {
    what: 'The headers of the request are too big.',
    why: 'Mostly cookies: 16 KiB are allowed (--max-header-bytes).',
    todo: [LIMITS],
  },
  500: {
    what: 'A handler of the application threw.',
    why: 'A mistake in a module of --actions, or its webhook answered what it may not.',
    todo: ['The log of the node says what'],
  },
  501: {
    what: 'This node cannot see the others.',
    why: 'It runs inside a program that gave it no view of the mesh.',
    todo: ['Ask a node of wsmesh serve'],
  },
  503: {
    what: 'The node cannot take it at the moment: nothing was sent.',
    why: 'It is being stopped, is full, is not part of a mesh, cannot check who a client is, or '
      + 'the webhook does not answer.',
    todo: ['wsmesh pool list', 'Ask again, or another node', LIMITS],
  },
  504: {
    what: 'It was taken, and nobody can say yet whether it was done.',
    why: 'The handler or the receipt took longer than 10 s.',
    todo: ['Send it again under the same id: it is delivered once', 'wsmesh explain ID'],
  },
}

/** What `wsmesh/client` rejects or throws itself. */
export const CLIENT_ADVICE: Readonly<Record<MeshErrorCode, Advice>> = {
  'bad-action': {
    what: 'The name of the action cannot be sent.',
    why: 'Empty, longer than 255 bytes, Client/…, or with :error at its end.',
    todo: ['Choose another name'],
  },
  'bad-option': {
    what: 'An option of connect() cannot be used.',
    why: 'The message says which; on Node 20 mostly the missing WebSocket.',
    todo: ["connect(url, {WebSocket}) with that of 'ws'   (Node 20)"],
  },
  closed: {
    what: 'The connection is closed for good.',
    why: 'close() was called, or a node refused it with 4500 to 4999.',
    todo: ['mesh.state   (says why)', 'connect() again'],
  },
  lost: {
    what: 'The connection broke before the answer: it may have been done.',
    why: 'The node was stopped or killed, or the network went away.',
    todo: ['Ask again if it does no harm to do it twice'],
  },
  'queue-full': {
    what: 'Not connected, and 64 messages wait already (queueMax).',
    why: 'The page goes on sending while it is offline.',
    todo: ['Wait for the state "open"'],
  },
  timeout: {
    what: 'No answer within timeoutMs, 10 s.',
    why: 'No handler answers this action with reply(), or it takes longer.',
    todo: ['wsmesh connect URL   (send it by hand: an answer is one that has "re")'],
  },
  'too-big': {
    what: 'The frame would be over the limit of the node.',
    why: 'More than 64 KiB (frameBytesMax).',
    todo: ['Send big data by HTTP, and its address as the message'],
  },
  'too-slow': {
    what: 'A loop over messages let 1,000 of them wait.',
    why: 'Its body takes longer than messages take to come.',
    todo: ['mesh.on(action, …)   (is called at once)'],
  },
}
