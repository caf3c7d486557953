/**
 * Metrics of what a node counts anyway (`counters.ts`, `mesh/state.ts`). A test wants each counter
 * in one of them, or among those whose sum another one is.
 */
import type {CounterName as CoreCounterName} from '../../mesh/state.js'
import type {CounterName} from '../counters.js'
import type {Family, MetricsSource} from './family.js'

type Counted = CounterName | CoreCounterName

/** What stands in other families, under the labels there. */
export const SUMMED: readonly Counted[] = ['messagesPublished', 'messagesDelivered', 'accepted']

/** One counter. */
function one(name: string, counter: Counted, help: string): Family {
  return {
    type: 'counter', name, help, labels: [],
    read: (source) => [{value: valueOf(source, counter)}],
  }
}

/** Several, told apart by a label. */
function each(
  name: string, label: string, help: string, counters: Readonly<Record<string, Counted>>,
): Family {
  return {
    type: 'counter', name, help, labels: [label],
    read: (source) => Object.entries(counters).map(([value, counter]) => ({
      labels: {[label]: value}, value: valueOf(source, counter),
    })),
  }
}

/** A relay that does not count something has none of it. */
function valueOf({stats}: MetricsSource, counter: Counted): number {
  return stats.counters[counter] ?? 0
}

const MESSAGES: readonly Family[] = [
  each('wsmesh_messages_published_total', 'by', 'Messages accepted here, by where they came from', {
    handler: 'publishedByHandlers', operator: 'publishedByOperators', api: 'publishedByApi',
    outbox: 'publishedByOutbox',
  }),
  each(
    'wsmesh_messages_delivered_total', 'target',
    "Messages handed to this node's clients, by whom they were for",
    {
      user: 'deliveredToUsers', group: 'deliveredToGroups', session: 'deliveredToSessions',
      filter: 'deliveredToFilters', registered: 'deliveredToRegistered',
      everyone: 'deliveredToEveryone',
    },
  ),
  one('wsmesh_publishes_refused_total', 'publishesRefused', 'Messages refused: no room, draining'),
  one('wsmesh_receipts_timed_out_total', 'receiptsTimedOut', 'Publishes without receipt in time'),
  each('wsmesh_client_frames_total', 'direction', 'Frames of clients, and of messages to them', {
    in: 'clientFramesIn', out: 'clientFramesOut',
  }),
  each('wsmesh_client_bytes_total', 'direction', 'Bytes of these frames', {
    in: 'clientBytesIn', out: 'clientBytesOut',
  }),
  each('wsmesh_link_frames_total', 'direction', 'Frames between this node and others', {
    in: 'linkFramesIn', out: 'linkFramesOut',
  }),
  each('wsmesh_link_bytes_total', 'direction', 'Bytes of these frames', {
    in: 'linkBytesIn', out: 'linkBytesOut',
  }),
  each('wsmesh_relay_messages_total', 'event', 'What became of messages in the relay', {
    refused: 'refused', ordered: 'ordered', delivered: 'delivered', duplicate: 'duplicates',
    repeat: 'repeats', gap: 'gaps', resent: 'resent', receipt_timeout: 'receiptTimeouts',
  }),
  each('wsmesh_trace_contexts_total', 'outcome', 'Trace contexts that publishers gave', {
    carried: 'traceContextsCarried', invalid: 'traceContextsInvalid',
  }),
  one('wsmesh_tail_messages_dropped_total', 'tailDropped', 'Messages not shown to slow tails'),
]

const CLIENTS: readonly Family[] = [
  one('wsmesh_clients_accepted_total', 'clientsAccepted', 'Connections of clients let in'),
  each('wsmesh_clients_refused_total', 'reason', 'Connections of clients refused', {
    too_many: 'clientsRefusedTooMany', unavailable: 'clientsRefusedUnavailable',
    user: 'clientsRefusedUser', address: 'clientsRefusedAddress', pace: 'clientsRefusedPace',
    origin: 'clientsRefusedOrigin',
  }),
  one('wsmesh_clients_delayed_total', 'clientsDelayedPace', 'Clients that waited to be let in'),
  one('wsmesh_slow_consumers_total', 'slowConsumers', 'Clients closed: they did not read (4001)'),
  each('wsmesh_clients_closed_total', 'reason', 'Clients closed by the node, for other reasons', {
    no_pong: 'missedPongs', violation: 'clientViolations', kicked: 'clientsKicked',
    session_expired: 'sessionsExpired', unproved: 'authenticationTimeouts',
    made_room: 'clientsDroppedUnknown',
  }),
  each('wsmesh_clients_resumed_total', 'outcome', 'Clients that came back with a position', {
    recovered: 'clientsRecovered', lost: 'clientsNotRecovered',
  }),
  one('wsmesh_clients_array_form_total', 'clientsOf2015', 'Clients that speak the form of 2015'),
  each('wsmesh_authentications_failed_total', 'reason', 'Proofs that let nobody in', {
    refused: 'authenticationsFailed', unavailable: 'authenticationsUnavailable',
  }),
  one('wsmesh_identities_reread_total', 'identitiesReread', 'Identities that were asked for again'),
  each('wsmesh_actions_total', 'outcome', 'Actions of clients', {
    handled: 'actionsHandled', unknown: 'actionsUnknown', ignored: 'actionsIgnored',
  }),
  each('wsmesh_handler_failures_total', 'reason', 'Handlers that threw, or took too long', {
    error: 'handlerErrors', timeout: 'handlerTimeouts',
  }),
  each('wsmesh_limits_reached_total', 'limit', 'Requests, frames and actions beyond a limit', {
    connections: 'connectionsDropped', request_time: 'requestsTimedOut',
    header_bytes: 'headersTooBig', frame_bytes: 'framesTooBig', frame_depth: 'framesTooDeep',
    actions: 'actionsRefused', user_actions: 'userActionsRefused', handlers: 'handlersBusy',
    handlers_total: 'handlersBusyTotal',
  }),
]

const APPLICATION: readonly Family[] = [
  one('wsmesh_api_requests_total', 'apiRequests', 'Requests of the HTTP API'),
  each('wsmesh_api_requests_failed_total', 'reason', 'Those of them that were not done', {
    wrong: 'apiRequestsWrong', refused: 'apiRequestsRefused', limited: 'apiRequestsLimited',
    unavailable: 'apiRequestsUnavailable',
  }),
  each('wsmesh_webhooks_total', 'outcome', 'Actions that the application was asked about', {
    answered: 'webhooksAnswered', failed: 'webhooksFailed', busy: 'webhooksBusy',
  }),
  each('wsmesh_webhook_events_total', 'outcome', 'Events that the application was told', {
    sent: 'webhookEventsSent', dropped: 'webhookEventsDropped',
  }),
  each('wsmesh_outbox_rows_total', 'outcome', "Rows of the application's outbox", {
    sent: 'outboxRowsSent', set_aside: 'outboxRowsSetAside',
  }),
  one('wsmesh_outbox_failures_total', 'outboxFailures', 'Tries that its database failed'),
]

const MESH: readonly Family[] = [
  one('wsmesh_master_changes_total', 'masterChanges', 'Another master than before, as seen here'),
  each('wsmesh_elections_total', 'event', "This node's part in who is master", {
    claim: 'claims', claim_lost: 'claimsLost', handover: 'handovers', step_down: 'stepDowns',
  }),
  one('wsmesh_nodes_dropped_total', 'membersDropped', 'Nodes not waited for any more, by a master'),
  one('wsmesh_nodes_evicted_total', 'evicted', 'Rows of dead nodes removed from the pool'),
  one('wsmesh_view_changes_total', 'viewChanges', 'Changes of the nodes that count as copies'),
  one('wsmesh_log_replaced_total', 'logReplaced', 'Logs given up for a master\'s'),
  one('wsmesh_stalls_total', 'stalls', 'Times that this process stood still for 500 ms or more'),
  one('wsmesh_stale_terms_total', 'staleTerms', 'Frames of masters of the past'),
  each('wsmesh_links_total', 'event', 'Links to other nodes', {
    opened: 'linksOpened', closed: 'linksClosed', closed_slow: 'linksClosedSlow',
  }),
  one('wsmesh_store_failures_total', 'storeFailures', 'Calls of the pool store that failed'),
  each('wsmesh_peer_faults_total', 'fault', 'Handshakes and frames of others that were wrong', {
    handshake: 'handshakesFailed', tls_handshake: 'tlsHandshakesFailed',
    operator_refused: 'operatorsRefused', operator_violation: 'operatorViolations',
    link_violation: 'linkViolations',
  }),
]

export const COUNTER_FAMILIES: readonly Family[] = [
  ...MESSAGES, ...CLIENTS, ...APPLICATION, ...MESH,
]
