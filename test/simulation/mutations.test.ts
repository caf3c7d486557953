/**
 * The simulation must be able to fail: each rule of the core is broken on purpose, from outside
 * (a module's function replaced, an event changed on its way in), and some seed must notice.
 */
import {afterEach, describe, expect, test, vi} from 'vitest'
import {MeshCore} from '../../src/lib/mesh/core.js'
import type {MeshEvent} from '../../src/lib/mesh/event.js'
import {Log} from '../../src/lib/mesh/log.js'
import type * as publishing from '../../src/lib/mesh/publishing.js'
import type * as quorum from '../../src/lib/mesh/quorum.js'
import type * as stability from '../../src/lib/mesh/stability.js'
import type * as sync from '../../src/lib/mesh/sync.js'
import type * as voting from '../../src/lib/mesh/voting.js'
import {ORIGIN_PLACE} from '../../src/lib/protocol/position.js'
import type {CoreLike, MakeCore} from '../../src/lib/simulation/core-like.js'
import {makeMeshCore, runSeed} from '../../src/lib/simulation/run-seed.js'
import type {InvariantName} from '../../src/lib/simulation/violation.js'

/** Seeds that a broken rule may survive before the simulation counts as blind. */
const SEEDS_MAX = 60

/** Which rule is broken, and which invariants may be the first to notice. */
const MUTATIONS: readonly (readonly [rule: string, noticedBy: readonly InvariantName[]])[] = [
  ['commit without a majority', ['onePosition', 'neverTakenBack']],
  ['take over without promises', ['onePosition', 'neverTakenBack']],
  ['a promise binds nobody', ['onePosition', 'neverTakenBack', 'once', 'settles']],
  ['no truncation when following', ['onePosition', 'settles', 'staysSettled', 'everywhere']],
  // The core's own assertions are faster than the ledger here.
  ['no gap check', ['onePosition', 'noCrash']],
  ['a change of master empties the outbox', ['originOrder', 'nothingLost', 'receiptInTime']],
  ['receipts wait for nobody', ['receiptComplete']],
]

const broken = vi.hoisted(() => ({rule: ''}))

vi.mock(import('../../src/lib/mesh/quorum.js'), async (load) => {
  const real: typeof quorum = await load()
  return {
    ...real,
    heldByMajority: (view, heldBy) =>
      broken.rule === 'commit without a majority'
        ? Math.max(0, ...view.map(({id}) => heldBy(id)))
        : real.heldByMajority(view, heldBy),
    isAtLeastHalf: (view, hold) =>
      broken.rule === 'take over without promises' || real.isAtLeastHalf(view, hold),
  }
})

vi.mock(import('../../src/lib/mesh/voting.js'), async (load) => {
  const real: typeof voting = await load()
  return {
    ...real,
    onPromise: (state, link, frame) => {
      if (broken.rule !== 'a promise binds nobody') {
        real.onPromise(state, link, frame)
        return
      }
      // Says yes, and goes on with the old master.
      const chain = state.log.chain()
      const promised = {type: 'promised', term: frame.term, chain, committed: state.committed} as const
      state.effects.push({type: 'send', link: link.id, frame: promised})
    },
  }
})

vi.mock(import('../../src/lib/mesh/sync.js'), async (load) => {
  const real: typeof sync = await load()
  return {
    ...real,
    startSync: (state, epoch, start) => {
      const isSkipped =
        broken.rule === 'no truncation when following' &&
        !start.snapshot &&
        epoch === state.log.epoch &&
        start.keep.seq < state.log.last.seq
      return isSkipped || real.startSync(state, epoch, start)
    },
    appendEntries: (state, after, entries) => {
      const {last} = state.log
      if (broken.rule !== 'no gap check' || after.seq <= last.seq) {
        return real.appendEntries(state, after, entries)
      }
      const moved = entries.map((entry, index) => ({...entry, seq: last.seq + 1 + index}))
      return real.appendEntries(state, last, moved)
    },
  }
})

vi.mock(import('../../src/lib/mesh/publishing.js'), async (load) => {
  const real: typeof publishing = await load()
  return {
    ...real,
    restartSending: (state) => {
      if (broken.rule === 'a change of master empties the outbox') {
        for (const {envelope} of state.outbox.values()) state.outbox.settle(envelope.counter)
      }
      real.restartSending(state)
    },
  }
})

vi.mock(import('../../src/lib/mesh/stability.js'), async (load) => {
  const real: typeof stability = await load()
  return {
    ...real,
    advanceStable: (state, role) => {
      if (broken.rule === 'receipts wait for nobody') {
        for (const member of role.members.values()) member.isWaitedFor = false
      }
      real.advanceStable(state, role)
    },
  }
})

/** A core that sees other events than those that happen. */
function mangled(change: (event: MeshEvent) => MeshEvent | undefined): MakeCore {
  return (options) => {
    const core = new MeshCore(options)
    return {
      step: (event, now) => {
        const changed = change(event)
        return changed ? core.step(changed, now) : []
      },
      get standing() {
        return core.standing
      },
      get position() {
        return core.position
      },
      recover: (position) => core.recover(position),
      stats: () => core.stats(),
    } satisfies CoreLike
  }
}

function noticedBy(makeCore?: MakeCore): InvariantName | undefined {
  for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
    const {failure} = runSeed(seed, makeCore ? {makeCore} : {})
    if (failure) return failure.invariant
  }
  return undefined
}

afterEach(() => {
  broken.rule = ''
  vi.restoreAllMocks()
})

describe('a broken rule is noticed', {timeout: 60_000}, () => {
  test.each(MUTATIONS)('%s', (rule, invariants) => {
    broken.rule = rule
    expect(invariants).toContain(noticedBy())
  })

  test('no dedupe', () => {
    vi.spyOn(Log.prototype, 'lastCounter').mockReturnValue(undefined)
    expect(['once', 'originOrder']).toContain(noticedBy())
  })

  test('history forgotten before everybody has it', () => {
    const prune = Reflect.get(Log.prototype, 'prune')
    vi.spyOn(Log.prototype, 'prune').mockImplementation(function (this: Log) {
      prune.call(this, Math.max(0, this.last.seq - 1), Infinity, 0)
    })
    expect(['noNeedlessRefusal', 'noNeedlessLoss', 'noGap', 'noCrash', 'receiptTrue']).toContain(noticedBy())
  })

  test('no suffix fetched by a new master', () => {
    const makeCore = mangled((event) => {
      if (event.type !== 'frame' || event.frame.type !== 'promised') return event
      const chain = {...event.frame.chain, after: ORIGIN_PLACE, ends: []}
      return {...event, frame: {...event.frame, chain}}
    })
    expect(['neverTakenBack', 'onePosition']).toContain(noticedBy(makeCore))
  })

  test('a claim that lost is taken for won', () => {
    const makeCore = mangled((event) =>
      event.type === 'lease-swapped' ? {...event, won: true} : event,
    )
    expect(noticedBy(makeCore)).toBe('oneMaster')
  })

  test('one follower never gets a message', () => {
    const withoutEntries = mangled((event) => {
      const isRelay = event.type === 'frame' && event.frame.type === 'relay'
      return isRelay && event.frame.entries.length > 0 ? undefined : event
    })
    const makeCore: MakeCore = (options) =>
      options.self.id === 'n2' ? withoutEntries(options) : makeMeshCore(options)
    expect(['settles', 'everywhere', 'staysSettled']).toContain(noticedBy(makeCore))
  })

  test('nothing broken, nothing noticed', () => {
    expect(noticedBy(mangled((event) => event))).toBeUndefined()
  })
})
