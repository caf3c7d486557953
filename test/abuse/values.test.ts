/** Whatever a client, an action or a target says: no throw, no wrong receiver, no changed prototype. */
import fc from 'fast-check'
import {afterEach, describe, expect, it} from 'vitest'
import type {ActionHandler} from '../../src/lib/node/action-api.js'
import {ActionRegistry} from '../../src/lib/node/action-registry.js'
import {targetFromJson, type TargetJson} from '../../src/lib/protocol/target.js'
import {ClientBench, type BenchClient} from '../helpers/client-bench.js'

/** More runs than in `npm test`: FUZZ_RUNS=100000. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1000)

const NAMES = [
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then',
  '__defineGetter__', 'isPrototypeOf', 'length', 'null', 'undefined', '0', '-0',
]

const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({unit: 'binary', maxLength: 20}))
const value = fc.letrec<{any: unknown}>((tie) => ({
  any: fc.oneof(
    {depthSize: 'small', withCrossShrink: true},
    fc.constantFrom(null, true, false, 0, -0, 1e308, 42, ''),
    name,
    fc.double(),
    fc.array(tie('any'), {maxLength: 5}),
    // From entries, so that `__proto__` is a key like any other, as JSON.parse makes it.
    fc.array(fc.tuple(name, tie('any')), {maxLength: 5}).map((pairs) => Object.fromEntries(pairs)),
  ),
})).any

afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

describe('names of the language', () => {
  it.each(NAMES)('%s is an action, a user, a group and a filter like any other', async (odd) => {
    const bench = new ClientBench({handlers: {}})
    const client = bench.connect()
    await client.login(odd, {groups: [odd], session: odd}, {language: odd})
    const bystander = bench.connect()
    await bystander.login('7', {groups: ['staff']})
    client.say({action: odd})
    expect(client.socket.take()).toMatchObject([{action: `${odd}:error`, details: [404, expect.any(String)]}])
    const targets: TargetJson[] = [
      {user: odd}, {group: odd}, {session: odd}, {filter: {language: odd}}, {filter: {user: odd}},
    ]
    for (const target of targets) expect(bench.deliver('x', odd, target)).toBe(1)
    expect(client.socket.take()).toHaveLength(targets.length)
    for (const target of [{user: `${odd}x`}, {group: `x${odd}`}]) {
      expect(bench.deliver('x', odd, target)).toBe(0)
    }
    expect(bystander.socket.take()).toEqual([])
    client.handler.onClose(1001, '')
    expect([bench.registry.users, bench.registry.size]).toEqual([1, 1])
  })

  it.each(NAMES)('a filter for the property %s finds nobody who has none', async (odd) => {
    const bench = new ClientBench()
    const client = bench.connect()
    await client.login('42')
    const filter = JSON.parse(`{${JSON.stringify(odd)}: "x"}`) as Record<string, string>
    const read = targetFromJson({filter})
    if (read.ok) expect(bench.deliver('x', null, {filter})).toBe(0)
    for (const of of ['function', '[object Object]', 'undefined']) {
      const same = JSON.parse(`{${JSON.stringify(odd)}: ${JSON.stringify(of)}}`) as Record<string, string>
      if (targetFromJson({filter: same}).ok) expect(bench.deliver('x', null, {filter: same})).toBe(0)
    }
  })

  it.each(NAMES)('%s has no handler that nobody added', (odd) => {
    expect(new ActionRegistry().handlersOf(odd)).toEqual([])
  })
})

/** One that is known for as long as nothing it says ends it, then the next. */
class Known {
  readonly #bench: ClientBench
  #client: BenchClient | undefined

  constructor(bench: ClientBench) {
    this.#bench = bench
  }

  async client(): Promise<BenchClient> {
    if (this.#client !== undefined && this.#client.socket.closed === undefined) return this.#client
    this.#client = this.#bench.connect('v1')
    await this.#client.login('42')
    return this.#client
  }

  leave(): void {
    this.#client?.handler.onClose(1001, '')
  }
}

const echo: ActionHandler = ({details, reply}) => reply(details)
const unbounded = {actionsPerSecond: 0, userActionsPerSecond: 0}

describe('any value', () => {
  it('as a frame is answered, or ends the connection; the next client is served', async () => {
    const bench = new ClientBench({handlers: {echo}, limits: unbounded})
    const known = new Known(bench)
    const frames = fc.oneof(
      value,
      fc.record({action: fc.oneof(name, fc.constant('echo')), details: value, id: value}),
      fc.record({action: fc.constant('Client/authentication'), details: fc.array(value)}),
      fc.tuple(name, value),
      fc.tuple(fc.constant('Client/authentication'), value),
    )
    await fc.assert(
      fc.asyncProperty(frames, fc.boolean(), async (frame, isKnown) => {
        const client = isKnown ? await known.client() : bench.connect()
        client.say(frame)
        await new Promise((resolve) => setImmediate(resolve))
        for (const answer of client.socket.take() as (unknown[] | Record<string, unknown>)[]) {
          const isArray = Array.isArray(answer)
          const {0: action, 1: details} = isArray ? answer : [answer['action'], answer['details']]
          expect(typeof action).toBe('string')
          expect(isArray || Array.isArray(details)).toBe(true)
        }
        const code = client.socket.closed?.code ?? 4500
        // The form of 2015 knows one code.
        if (code !== 1000 || !Array.isArray(frame)) expect(code).toBeGreaterThanOrEqual(4500)
        if (!isKnown) client.handler.onClose(1001, '')
      }),
      {numRuns: RUNS},
    )
    await known.client()
    known.leave()
    expect([bench.registry.size, bench.registry.users]).toEqual([0, 0])
  })

  it('as bytes never throws, known or not', async () => {
    const bench = new ClientBench({limits: unbounded})
    const known = new Known(bench)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({maxLength: 200}), fc.boolean(), async (bytes, isBinary) => {
        const stranger = bench.connect()
        stranger.handler.onMessage(bytes, isBinary)
        stranger.handler.onClose(1001, '')
        const client = await known.client()
        client.handler.onMessage(bytes, isBinary)
      }),
      {numRuns: Math.ceil(RUNS / 4)},
    )
    known.leave()
    expect(bench.registry.size).toBe(0)
  })

  it('as a target is one, or is refused with a reason', () => {
    const keys = fc.constantFrom('user', 'group', 'session', 'filter', 'registered', 'everyone')
    const targets = fc.oneof(value, fc.tuple(keys, value).map(([key, of]) => ({[key]: of})))
    fc.assert(
      fc.property(targets, (target) => {
        const read = targetFromJson(target)
        expect(read.ok || read.reason.length > 0).toBe(true)
      }),
      {numRuns: RUNS * 4},
    )
  })
})
