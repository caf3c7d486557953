export interface Failure {
  /** Of the last answer, as in docs/API.md; 0: no node answered. */
  readonly status: number
  /** It may have been delivered all the same: send it again under the same id to know. */
  readonly mayBeSent: boolean
  /** The message's; of a batch the first one's. */
  readonly id: string | undefined
  readonly cause?: unknown
}

/** A message that is not known to be delivered. */
export class PublishFailed extends Error {
  override readonly name = 'PublishFailed'
  readonly status: number
  readonly mayBeSent: boolean
  readonly id: string | undefined

  constructor(message: string, {status, mayBeSent, id, cause}: Failure) {
    super(message, {cause})
    this.status = status
    this.mayBeSent = mayBeSent
    this.id = id
  }
}
