import {setTimeout as delay} from 'node:timers/promises'
import type {PublishResult} from '../protocol/operator-frame.js'
import {WsmeshError} from '../util/errors.js'
import {Numbered} from '../util/numbered.js'
import type {MeshAccess} from './mesh-access.js'
import type {OperatorConnection, Publication} from './operator-connection.js'
import {withResolvers, type Resolvers} from './resolvers.js'

/** A message with its own id: what is sent again is known to be the same. */
export type NamedPublication = Publication & {readonly messageId: string}

/** A node answers after 10 s at the latest, if it lives. */
const RECEIPT_MS = 11_000
/** Between two rounds of looking for a node. */
const RETRY_MS = 250

/** Where it finds its nodes, and how long it may be without one. */
export type PublisherAccess = Pick<MeshAccess, 'findNode' | 'timeoutMs'>

interface Pending {
  readonly number: number
  readonly publication: NamedPublication
  readonly receipt: Resolvers<PublishResult>
  /** Told once that it has no receipt yet: it is asked for once more. */
  isLate: boolean
}

/**
 * Publishes through one node, in the order of the calls, and through another when that one dies or
 * is being stopped: everything without a receipt is then sent again, in the same order, under the
 * same ids, which the mesh delivers once. Without a node, or without any receipt, for longer than
 * the access's time, what waits is rejected with the reason.
 */
export class ResendingPublisher {
  readonly #access: PublisherAccess
  readonly #pending = new Numbered<Pending>()
  #lastNumber = 0
  #connection: OperatorConnection | undefined
  #isConnecting = false
  /** Since when nothing gets through. */
  #outageSinceMs: number | undefined
  #isClosed = false
  #failure: unknown

  constructor(access: PublisherAccess) {
    this.#access = access
  }

  /** Bytes that wait in this process for the node to take them. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0
  }

  /** Why no node was found; undefined while there is hope. */
  get failure(): unknown {
    return this.#failure
  }

  publish(publication: NamedPublication): Promise<PublishResult> {
    const number = (this.#lastNumber += 1)
    const pending: Pending = {number, publication, receipt: withResolvers(), isLate: false}
    this.#pending.add(number, pending)
    const connection = this.#connection
    // After a refusal all goes through the next connection, in its order.
    if (connection?.hasRefused === true) return pending.receipt.promise
    if (connection !== undefined) this.#send(connection, pending)
    else if (!this.#isConnecting) void this.#connect()
    return pending.receipt.promise
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.close()
  }

  #send(connection: OperatorConnection, pending: Pending): void {
    connection.publish(pending.publication, RECEIPT_MS).then(
      (result) => this.#received(pending, result),
      (error: unknown) => this.#failed(connection, pending, error),
    )
  }

  #received(pending: Pending, result: PublishResult): void {
    this.#outageSinceMs = undefined
    this.#pending.take(pending.number)
    pending.receipt.resolve(result)
  }

  #failed(connection: OperatorConnection, pending: Pending, error: unknown): void {
    // Of a connection given up: it was sent again since.
    if (connection !== this.#connection || this.#pending.get(pending.number) === undefined) return
    const code = error instanceof WsmeshError ? error.code : undefined
    if (code === 'NODE_UNREACHABLE' || code === 'OUTBOX_FULL') this.#lost(connection, error)
    else if (code === 'RECEIPT_TIMED_OUT' && !pending.isLate) {
      pending.isLate = true
      this.#send(connection, pending)
    } else this.#reject(pending, error)
  }

  #lost(connection: OperatorConnection, error: unknown): void {
    this.#connection = undefined
    connection.close()
    if (this.#isClosed) return
    const nowMs = performance.now()
    this.#outageSinceMs ??= nowMs
    if (nowMs - this.#outageSinceMs > this.#access.timeoutMs) this.#rejectAll(error)
    else void this.#connect()
  }

  async #connect(): Promise<void> {
    this.#isConnecting = true
    const connection = await this.#find()
    this.#isConnecting = false
    if (connection === undefined) return
    this.#connection = connection
    for (const pending of this.#pending.above(0)) this.#send(connection, pending)
  }

  /** Undefined: there is none, and all that waited knows. */
  async #find(): Promise<OperatorConnection | undefined> {
    const isFirst = this.#outageSinceMs === undefined
    const sinceMs = (this.#outageSinceMs ??= performance.now())
    if (!isFirst) await delay(RETRY_MS / 5)
    for (;;) {
      const leftMs = this.#access.timeoutMs - (performance.now() - sinceMs)
      try {
        return await this.#access.findNode(Math.max(1, leftMs))
      } catch (error) {
        const isLost = error instanceof WsmeshError && error.code === 'NODE_UNREACHABLE'
        if (!isLost || isFirst || leftMs < RETRY_MS) {
          this.#failure = error
          this.#rejectAll(error)
          return undefined
        }
      }
      await delay(RETRY_MS)
    }
  }

  #rejectAll(error: unknown): void {
    for (const pending of this.#pending.above(0)) this.#reject(pending, error)
  }

  #reject(pending: Pending, error: unknown): void {
    this.#pending.take(pending.number)
    pending.receipt.reject(error instanceof Error ? error : new Error(String(error)))
  }
}
