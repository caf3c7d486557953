/**
 * The name that each line of the log has for programs, which stays when its text is written better.
 * Names are an API: docs/LOGS.md. Tests compare this list with the calls in the source.
 */
export interface LogEvent {
  readonly event: string
  /** Where it is several texts: `*` stands for anything. */
  readonly texts: readonly string[]
}

export const LOG_EVENTS: readonly LogEvent[] = [
  {event: 'node.ready', texts: ['Ready']},
  {event: 'node.standing', texts: ['Now *']},
  {event: 'node.not-linked', texts: [
    'Not linked yet: the pool names a master that does not answer, or has no answer',
  ]},
  {event: 'node.address', texts: [
    'Nodes on other machines cannot dial *', 'Other nodes will dial *: if that is not right, *',
  ]},
  {event: 'node.address-taken', texts: [
    "Another node says that it has this node's address: give each its own --node-url",
  ]},
  {event: 'node.stopping', texts: ['Stopping']},
  {event: 'node.draining', texts: ['Draining']},
  {event: 'node.drained', texts: ['Drained']},
  {event: 'node.stopped', texts: [
    'Stopped', 'Stopped before the node was up', 'Stopped by an operator',
  ]},
  {event: 'node.stalled', texts: ['this process stood still']},
  {event: 'node.bug', texts: ['A bug in wsmesh: this node ends']},
  {event: 'node.listener-failed', texts: ['The listener failed']},

  {event: 'mesh.lease-won', texts: ['won the lease']},
  {event: 'mesh.master', texts: ['master']},
  {event: 'mesh.following', texts: ['following']},
  {event: 'mesh.left-master', texts: ['left the master']},
  {event: 'mesh.stepped-down', texts: ['stepped down']},
  {event: 'mesh.handing-over', texts: ['handing over']},
  {event: 'mesh.handover-failed', texts: [
    'nobody took over in time: this node goes on as master',
  ]},
  {event: 'mesh.lease-missing', texts: [
    'the lease row is missing for a whole lease: a new epoch begins',
  ]},
  {event: 'mesh.lease-rewritten', texts: ['lease row rewritten']},
  {event: 'mesh.view-changed', texts: ['view changed']},
  {event: 'mesh.member-dropped', texts: ['member dropped']},
  {event: 'mesh.member-removed', texts: ['member removed from the pool']},
  {event: 'mesh.log-replaced', texts: ['log replaced']},
  {event: 'mesh.suffix-refused', texts: ['suffix does not fit']},
  {event: 'mesh.drain-late', texts: ['drain took too long']},

  {event: 'link.closed', texts: ['Link closed']},
  {event: 'link.failed', texts: ['No link with a node', 'A node cannot be reached']},
  {event: 'link.stuck', texts: ['A link takes nothing any more']},
  {event: 'link.violation', texts: ['A node broke the protocol']},
  {event: 'link.tls-failed', texts: ['A TLS handshake failed']},
  {event: 'link.turned-away', texts: ['* was turned away']},

  {event: 'nats.waiting', texts: ['Waiting for the stream of NATS']},
  {event: 'nats.away', texts: ['NATS is away: what is published waits']},
  {event: 'nats.back', texts: ['NATS is back']},
  {event: 'nats.refused', texts: ['NATS refuses', 'The stream refuses a message']},
  {event: 'nats.ended', texts: ['The connection to NATS has ended for good']},
  {event: 'nats.reading', texts: ['Reading from the stream']},
  {event: 'nats.silent', texts: ['The stream does not answer', 'Cannot read from the stream']},
  {event: 'nats.differs', texts: ['The stream differs from the settings here']},
  {event: 'nats.other-relay', texts: [
    'A node of this pool runs without --relay nats: give it the same',
  ]},
  {event: 'nats.replaced', texts: [
    'What the stream has is not what was before: clients begin anew',
  ]},
  {event: 'nats.lost-end', texts: ['The stream has lost its end']},

  {event: 'pool.silent', texts: [
    'The pool store does not answer', 'The pool store did not answer, it is asked again',
  ]},
  {event: 'pool.answers', texts: ['The pool store answers again']},

  {event: 'files.reread', texts: ['* was read again']},
  {event: 'files.same', texts: ['* is the same']},
  {event: 'files.refused', texts: ['* could not be read again: the node goes on with the old one']},
  {event: 'log.reopened', texts: ['The log file was opened again']},

  {event: 'client.foreign-origin', texts: ['A client of a foreign origin was refused']},
  {event: 'client.no-proof-2015', texts: ['A front end of 2015 gave nothing that is checked here']},
  {event: 'auth.failing', texts: [
    'Not asking * for a moment: it fails again and again',
    'The database of --auth-sql does not answer: no client gets in until it does',
  ]},
  {event: 'auth.unavailable', texts: ['Cannot check who clients are']},
  {event: 'auth.answers', texts: ['Asking * again: it answers']},
  {event: 'auth.query-useless', texts: [
    'The answer of --auth-sql cannot be used',
    'The query of --auth-sql returns no session: select its id, as the table has it',
  ]},
  {event: 'auth.keys-fetched', texts: ['Token keys fetched']},
  {event: 'auth.keys-missing', texts: ['Token keys cannot be fetched']},

  {event: 'operator.acted', texts: ['An operator acted', 'An operator acted more']},
  {event: 'operator.refused', texts: ['A viewer was refused']},
  {event: 'api.refused', texts: [
    'An API key was refused', 'A request without a key was refused',
  ]},

  {event: 'actions.loaded', texts: ['Actions loaded']},
  {event: 'actions.removed', texts: ['Actions removed']},
  {event: 'actions.refused', texts: ['Actions cannot be loaded']},
  {event: 'actions.folder-lost', texts: [
    'A folder of actions is not followed any more', 'A folder of actions cannot be read',
  ]},
  {event: 'actions.failed', texts: ['An action handler failed']},
  {event: 'actions.hanging', texts: ['An action handler does not end']},
  {event: 'actions.twice', texts: ['Two files handle the same action: both run']},
  {event: 'actions.stray', texts: [
    'An action module left a rejected promise to itself: await it, or catch',
    'An action module threw where nobody catches: in a timer, or an event',
  ]},

  {event: 'outbox.sending', texts: ['Sending the rows of the outbox']},
  {event: 'outbox.made', texts: ['Made the outbox']},
  {event: 'outbox.no-procedure', texts: [
    'Cannot make the procedure of the outbox: INSERT works without it',
  ]},
  {event: 'outbox.no-traces', texts: [
    'The outbox has no columns for traces: its messages go without',
  ]},
  {event: 'outbox.set-aside', texts: ['Rows of the outbox cannot be sent: set aside']},
  {event: 'outbox.failing', texts: ['The rows of the outbox cannot be sent']},
  {event: 'outbox.answers', texts: ['The rows of the outbox are sent again']},

  {event: 'webhook.failed', texts: ['A webhook failed']},
  {event: 'webhook.failing', texts: [
    'Not asking a webhook for a moment: it fails again and again',
  ]},
  {event: 'webhook.answers', texts: ['Asking a webhook again: it answers']},
  {event: 'webhook.events-wait', texts: ['Events wait: the application does not take them']},
  {event: 'webhook.events-refused', texts: ['The application refuses events']},
  {event: 'webhook.events-lost', texts: [
    'Events that the application did not take are lost',
    'Too many events wait for the application: the newest are dropped',
  ]},

  {event: 'supervisor.up', texts: ['All nodes are part of the mesh']},
  {event: 'supervisor.stopping', texts: ['Stopping all nodes']},
  {event: 'supervisor.restarting', texts: [
    'The node *; its successor starts already', 'The node *; started again *',
    'The node has left: its successor is started',
    'The node asks to be started again: it is, at once',
  ]},
  {event: 'supervisor.crash-loop', texts: ['The node *, *; next try *']},
  {event: 'supervisor.stays-off', texts: ['The node was stopped by somebody else: it stays so']},
  {event: 'supervisor.unwell', texts: ['The node answers, but is not well: *']},
  {event: 'supervisor.well', texts: ['The node is well again']},
  {event: 'supervisor.too-big', texts: ['The node takes *: replaced']},
  {event: 'supervisor.late', texts: ['The node has not ended * after it was told to: killed']},
  {event: 'supervisor.successor-failed', texts: [
    'The successor does not start, the old node goes on: *',
  ]},
  {event: 'supervisor.reload', texts: ['Reload: the nodes are replaced, one after another']},
  {event: 'supervisor.reloaded', texts: ['Reload: done']},
  {event: 'supervisor.reload-failed', texts: [
    'Reload: given up, the other nodes stay as they are',
  ]},
  {event: 'supervisor.orphan', texts: [
    'A node whose supervisor was killed hung: it was killed',
    'A node whose supervisor was killed has ended',
  ]},
  {event: 'supervisor.manager-failed', texts: ['The service manager cannot be told anything']},
  {event: 'supervisor.file-failed', texts: ['What is kept here cannot be written down']},
]

const EXACT = new Map<string, string>()
const PATTERNS: {readonly pattern: RegExp; readonly event: string}[] = []
for (const {event, texts} of LOG_EVENTS) {
  for (const text of texts) {
    if (!text.includes('*')) EXACT.set(text, event)
    else PATTERNS.push({pattern: patternOf(text), event})
  }
}

/** Undefined: a line of somebody who uses wsmesh as a library. */
export function eventOf(text: string): string | undefined {
  return EXACT.get(text) ?? PATTERNS.find(({pattern}) => pattern.test(text))?.event
}

function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll('*', '.*')}$`, 's')
}
