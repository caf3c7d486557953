import {expect, test} from 'vitest'
import {Audience} from '../../../src/lib/drill/audience.js'
import {Ledger} from '../../../src/lib/drill/ledger.js'
import type {Place} from '../../../src/lib/drill/place.js'
import {Publisher} from '../../../src/lib/drill/publisher.js'
import type {OperatorConnection} from '../../../src/lib/operator/operator-connection.js'
import {withResolvers, type Resolvers} from '../../../src/lib/operator/resolvers.js'
import type {PublishResult} from '../../../src/lib/protocol/operator-frame.js'
import {WsmeshError, type ErrorCode} from '../../../src/lib/util/errors.js'
import {eventually} from '../../helpers/eventually.js'

const RECEIPT: PublishResult = {
  id: 'n-1-1', position: null, connections: 2, nodes: 1, byNode: [], missing: [],
}

/** A node that says what the test tells it to. */
class FakeNode {
  readonly got: number[] = []
  readonly #answers = new Map<number, Resolvers<PublishResult>>()
  readonly #closed = withResolvers<string>()
  #hasRefused = false

  get connection(): OperatorConnection {
    const hasRefused = (): boolean => this.#hasRefused
    const parts: Partial<OperatorConnection> = {
      get hasRefused() {
        return hasRefused()
      },
      isOver: false,
      closed: this.#closed.promise,
      close: () => this.#closed.resolve('closed'),
      publish: ({details}) => {
        const n = Array.isArray(details) ? Number(details[0]) : 0
        this.got.push(n)
        const answer = withResolvers<PublishResult>()
        this.#answers.set(n, answer)
        return answer.promise
      },
    }
    return parts as OperatorConnection
  }

  takes(n: number): void {
    this.#answers.get(n)?.resolve(RECEIPT)
  }

  fails(n: number, code: ErrorCode): void {
    this.#hasRefused ||= code === 'OUTBOX_FULL'
    this.#answers.get(n)?.reject(new WsmeshError(code, code))
  }

  end(): void {
    for (const n of this.got) this.fails(n, 'NODE_UNREACHABLE')
    this.#closed.resolve('gone')
  }
}

function start(): {ledger: Ledger; nodes: readonly [FakeNode, FakeNode]; publisher: Publisher} {
  const audience = new Audience(1)
  const ledger = new Ledger(audience, () => 0)
  const nodes = [new FakeNode(), new FakeNode()] as const
  const places = nodes.map((_, index): Place => ({index, name: String(index), ready: undefined}))
  const publisher = new Publisher({
    id: 0,
    ledger,
    addressed: (n) => audience.addressed(n),
    choose: (tries) => places[tries % 2],
    connect: async ({index}) => nodes[index]?.connection,
  })
  return {ledger, nodes, publisher}
}

async function sendThree(publisher: Publisher): Promise<void> {
  await eventually(() => publisher.place)
  expect([publisher.send(), publisher.send(), publisher.send()]).toEqual([true, true, true])
}

test('what has no receipt when a node refuses goes through the next, all of it, in order', async () => {
  const {ledger, nodes: [first, second], publisher} = start()
  await sendThree(publisher)
  first.fails(3, 'OUTBOX_FULL')
  await eventually(() => second.got.length === 3)
  expect(publisher.send()).toBe(true)
  expect(second.got).toEqual([1, 2, 3, 4])
  // The first has two of them, and says so late.
  first.takes(1)
  for (const n of second.got) second.takes(n)
  await eventually(() => ledger.waiting === 0)
  first.end()
  expect(ledger.settle().tally).toMatchObject({sent: 4, receipted: 4, repeated: 3, unanswered: 0})
  publisher.close()
})

test('what a node only has is sent again when that node goes; what was refused for good is not', async () => {
  const {ledger, nodes: [first, second], publisher} = start()
  await sendThree(publisher)
  first.fails(1, 'RECEIPT_TIMED_OUT')
  first.fails(2, 'REQUEST_INVALID')
  first.takes(3)
  await eventually(() => ledger.waiting === 0)
  first.end()
  await eventually(() => second.got.length === 1)
  expect(second.got).toEqual([1])
  second.takes(1)
  await eventually(() => publisher.place?.name === '1')
  expect(ledger.settle().tally).toMatchObject({receipted: 2, refused: 1, repeated: 1})
  publisher.close()
})

test('what was sent in a round that is over is not sent again', async () => {
  const {ledger, nodes: [first, second], publisher} = start()
  await sendThree(publisher)
  for (const n of [1, 2, 3]) first.fails(n, 'RECEIPT_TIMED_OUT')
  await eventually(() => ledger.waiting === 0)
  ledger.settle()
  first.end()
  await eventually(() => publisher.place?.name === '1')
  publisher.send()
  expect(second.got).toEqual([4])
  publisher.close()
})
