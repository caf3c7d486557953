/**
 * The numbers of the page: 1, 2, 3, … published through the mesh to all tabs of the page, so that
 * anybody can see whether one is missing. A number without a receipt is sent again through another
 * node, under the same id, as a backend would do it.
 */
import {randomBytes} from 'node:crypto'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {describeError} from '../node/log.js'
import {ResendingPublisher} from '../operator/resending-publisher.js'
import type {NamedPublication} from '../operator/resending-publisher.js'

/** Its details are the number and the id of its run, which begins at 1. */
export const NUMBER_ACTION = 'demo/number'
/** The tabs of the page are in this group by their token; nobody else gets the numbers. */
export const NUMBER_GROUP = 'wsmesh-demo'
/** A wait of more than this is one that can be seen. */
export const BEAT_MS = 50
/** Without a node no more numbers than these wait: 5 s of them. */
const PENDING_MAX = 100

export interface NumberPublisher {
  publish(publication: NamedPublication): Promise<unknown>
  close(): void
}

export interface NumberFlowOptions {
  readonly connect: () => NumberPublisher
  /** One line for people. */
  readonly report: (line: string) => void
  readonly beatMs?: number
}

export class NumberFlow {
  readonly #options: NumberFlowOptions
  #publisher: NumberPublisher | undefined
  #timer: NodeJS.Timeout | undefined
  #run = ''
  #number = 0
  #pending = 0
  #listeners = 0
  #isToMove = false
  #isClosed = false

  constructor(options: NumberFlowOptions) {
    this.#options = options
  }

  /** Numbers flow while anybody listens; they go on where they stopped. */
  listen(): () => void {
    this.#listeners += 1
    this.#timer ??= setInterval(() => this.#beat(), this.#options.beatMs ?? BEAT_MS)
    return () => {
      this.#listeners -= 1
      if (this.#listeners === 0) this.#pause()
    }
  }

  /**
   * Connects anew as soon as every number has its receipt, so that none is overtaken: where it
   * published may not be the best place any more.
   */
  move(): void {
    this.#isToMove = true
  }

  /** For good. What has no receipt is given up. */
  close(): void {
    this.#isClosed = true
    this.#pause()
    this.#publisher?.close()
  }

  #pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #beat(): void {
    if (this.#pending >= PENDING_MAX) return
    if (this.#isToMove && this.#pending === 0) {
      this.#isToMove = false
      this.#publisher?.close()
      this.#publisher = undefined
    }
    this.#publisher ??= this.#options.connect()
    if (this.#run === '') {
      this.#run = randomBytes(6).toString('base64url')
      this.#number = 0
    }
    this.#number += 1
    void this.#publish(this.#publisher, {
      action: NUMBER_ACTION,
      details: [this.#number, this.#run],
      target: {group: NUMBER_GROUP},
      messageId: `demo-${this.#run}-${this.#number}`,
    })
  }

  /** A number that is given up would be a hole that the mesh has not made: a new run begins. */
  async #publish(publisher: NumberPublisher, publication: NamedPublication): Promise<void> {
    this.#pending += 1
    try {
      await publisher.publish(publication)
    } catch (error) {
      if (publisher !== this.#publisher || this.#isClosed) return
      this.#publisher = undefined
      this.#run = ''
      publisher.close()
      this.#options.report(`The numbers of the page begin anew: ${describeError(error)}`)
    } finally {
      this.#pending -= 1
    }
  }
}

/** How long one search for a node takes at most; the publisher searches again. */
const FIND_MS = 5000
/** The demo may stand without a node as long as its user likes. */
const PATIENCE_MS = 86_400_000

/** Publishes through one of these nodes; `urls` are theirs now, the best first. */
export function publishThrough(
  secret: MeshSecret,
  urls: () => readonly string[],
): ResendingPublisher {
  return new ResendingPublisher({
    timeoutMs: PATIENCE_MS,
    findNode: async (leftMs?: number) => {
      // Loaded when a page wants numbers: the nodes start sooner without.
      const [{findNode}, {connectOperator}] = await Promise.all([
        import('../operator/find-node.js'), import('../operator/operator-client.js'),
      ])
      const timeoutMs = Math.min(leftMs ?? FIND_MS, FIND_MS)
      return findNode({
        sources: [{name: 'the demo', read: () => Promise.resolve(urls())}],
        timeoutMs,
        connect: (url, signal) => connectOperator({url, secret, timeoutMs, signal}),
      })
    },
  })
}
