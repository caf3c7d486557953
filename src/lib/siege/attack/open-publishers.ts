import type {MeshSecret} from '../../auth/mesh-secret.js'
import {signPublishToken} from '../../auth/publish-token.js'
import {connectOperator} from '../../operator/operator-client.js'
import {WsmeshError} from '../../util/errors.js'
import {HttpPublisher, LANES} from '../http/http-publisher.js'
import type {SentBook} from '../ledger/sent-book.js'
import {OutboxPublisher} from '../outbox/outbox-publisher.js'
import type {Field} from './field.js'
import type {AttackTarget} from './job.js'
import {OperatorPublisher} from './operator-publisher.js'
import type {Publisher} from './publisher.js'

const ASK_MS = 5000
/** Longer than any siege. */
const TOKEN_MS = 30 * 86_400_000

export interface PublisherParts {
  readonly field: Field
  readonly sent: SentBook
  readonly secret: MeshSecret | undefined
}

/** One at each node, all ready; none for a siege whose clients send. */
export async function openPublishers(
  {field, sent, secret}: PublisherParts,
): Promise<readonly Publisher[]> {
  const {job} = field
  if (job.audience.mix.every(({kind}) => kind === 'echo') || job.stretches.length === 0) return []
  if (secret === undefined) {
    throw new WsmeshError('SECRET_MISSING', 'Who publishes must have the secret of the mesh', {
      suggestions: ['--secret-file FILE', '--target echo   (the clients themselves send)'],
    })
  }
  if (job.from === 'http') {
    const token = await signPublishToken({by: 'siege', ttlMs: TOKEN_MS}, secret)
    const firstId = job.part * job.targets.length * LANES
    const apis = await Promise.all(job.targets.map((target) => apiOf(target, secret)))
    return [new HttpPublisher({field, sent, token, firstId, apis})]
  }
  if (job.outbox !== undefined) {
    const {openOutboxStore} = await import('../../pool/outbox/open-outbox-store.js')
    const store = await openOutboxStore(job.outbox)
    const publisher = new OutboxPublisher({field, sent, store, id: job.part})
    await publisher.open()
    return [publisher]
  }
  const publishers = job.targets.map((_, node) => {
    const id = job.part * job.targets.length + node
    return new OperatorPublisher({field, sent, id, secret})
  })
  await Promise.all(publishers.map((publisher) => publisher.open()))
  return publishers
}

/**
 * Where a node hears its application, which may be elsewhere than its clients: it says so itself.
 * One whose operators' address is out of reach, or an earlier one: where its clients are.
 */
async function apiOf({operatorUrl: url, httpUrl = ''}: AttackTarget, secret: MeshSecret) {
  if (url === undefined) return httpUrl
  try {
    const operator = await connectOperator({url, secret, timeoutMs: ASK_MS})
    try {
      return (await operator.stats(ASK_MS)).apiUrl ?? httpUrl
    } finally {
      operator.close()
    }
  } catch (error) {
    if (error instanceof WsmeshError && error.code === 'NODE_UNREACHABLE') return httpUrl
    throw error
  }
}
