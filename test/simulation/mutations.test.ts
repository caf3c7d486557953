/**
 * The simulation must be able to fail: each rule of the core is broken on purpose, a function of
 * its replaced, and some seed must notice. breaks.ts has the rules and the seeds.
 */
import {afterEach, describe, expect, test, vi} from 'vitest'
import type * as comingBack from '../../src/lib/mesh/coming-back.js'
import {Callers} from '../../src/lib/mesh/callers.js'
import type * as draining from '../../src/lib/mesh/draining.js'
import {Log} from '../../src/lib/mesh/log.js'
import {Outbox} from '../../src/lib/mesh/outbox.js'
import type * as publishing from '../../src/lib/mesh/publishing.js'
import type * as quorum from '../../src/lib/mesh/quorum.js'
import type * as recovery from '../../src/lib/mesh/recovery.js'
import type * as stability from '../../src/lib/mesh/stability.js'
import type * as stateModule from '../../src/lib/mesh/state.js'
import type * as sync from '../../src/lib/mesh/sync.js'
import type * as voting from '../../src/lib/mesh/voting.js'
import {INVARIANTS} from '../../src/lib/simulation/violation.js'
import {runSeed} from '../../src/lib/simulation/run-seed.js'
import {INNER_BREAKS, OUTER_BREAKS} from './breaks.js'
import {noticed} from './caught.js'

type Rule = (typeof INNER_BREAKS)[number]['rule']

const broken = vi.hoisted(() => ({rule: ''}))

function isBroken(rule: Rule): boolean {
  return broken.rule === rule
}

vi.mock(import('../../src/lib/mesh/quorum.js'), async (load) => {
  const real: typeof quorum = await load()
  return {
    ...real,
    heldByMajority: (view, heldBy) =>
      isBroken('commit without a majority')
        ? Math.max(0, ...view.map(({id}) => heldBy(id)))
        : real.heldByMajority(view, heldBy),
    isAtLeastHalf: (view, hold) =>
      isBroken('take over without promises') || real.isAtLeastHalf(view, hold),
    isMarkHeld: (view, mark, heldBy) =>
      isBroken('a view changes without a majority of the new one') ||
      real.isMarkHeld(view, mark, heldBy),
  }
})

vi.mock(import('../../src/lib/mesh/voting.js'), async (load) => {
  const real: typeof voting = await load()
  return {
    ...real,
    onPromise: (state, link, frame) => {
      if (!isBroken('a promise binds nobody')) {
        real.onPromise(state, link, frame)
        if (!isBroken('a promise is forgotten')) return
        state.promised = {...state.promised, term: Math.max(0, state.promised.term - 2)}
        return
      }
      // Says yes, and goes on with the old master.
      const chain = state.log.chain()
      const {committed} = state
      const promised = {type: 'promised', term: frame.term, chain, committed} as const
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
        isBroken('no truncation when following') &&
        !start.snapshot &&
        epoch === state.log.epoch &&
        start.keep.seq < state.log.last.seq
      return isSkipped || real.startSync(state, epoch, start)
    },
    appendEntries: (state, after, entries) => {
      const {last} = state.log
      if (!isBroken('no gap check') || after.seq <= last.seq) {
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
      if (isBroken('nothing is sent again to a new master')) return
      if (isBroken('a change of master empties the outbox')) {
        for (const {envelope} of state.outbox.values()) state.outbox.settle(envelope.counter)
      }
      real.restartSending(state)
    },
    withdraw: (state) => {
      if (!isBroken('what was for one term is not taken back')) real.withdraw(state)
    },
    expireReceipts: (state) => {
      if (!isBroken('no receipt is given up')) real.expireReceipts(state)
    },
  }
})

vi.mock(import('../../src/lib/mesh/stability.js'), async (load) => {
  const real: typeof stability = await load()
  return {
    ...real,
    advanceStable: (state, role) => {
      if (isBroken('receipts wait for nobody')) {
        for (const member of role.members.values()) member.isWaitedFor = false
      }
      real.advanceStable(state, role)
    },
  }
})

vi.mock(import('../../src/lib/mesh/state.js'), async (load) => {
  const real: typeof stateModule = await load()
  return {
    ...real,
    closeLink: (state, link, reason) => {
      const isKept = reason === 'probed' || reason === 'idle'
      if (!isKept || !isBroken('links are not closed after a probe')) {
        real.closeLink(state, link, reason)
      }
    },
  }
})

vi.mock(import('../../src/lib/mesh/draining.js'), async (load) => {
  const real: typeof draining = await load()
  return {
    ...real,
    progressDraining: (state) => {
      if (!isBroken('a drain never ends')) real.progressDraining(state)
    },
  }
})

vi.mock(import('../../src/lib/mesh/recovery.js'), async (load) => {
  const real: typeof recovery = await load()
  return {
    ...real,
    recover: (state, position) => {
      if (!isBroken('recovery gives what is not delivered')) return real.recover(state, position)
      return real.recover({log: state.log, delivered: state.log.last.seq}, position)
    },
    deliveredPosition: (state) => {
      const position = real.deliveredPosition(state)
      const isAhead = position && isBroken('the position told is ahead')
      return isAhead ? {...position, seq: position.seq + 2} : position
    },
  }
})

vi.mock(import('../../src/lib/mesh/coming-back.js'), async (load) => {
  const real: typeof comingBack = await load()
  const nobody = {user: 'nobody', groups: [], session: undefined, properties: {}}
  return {
    ...real,
    hasLostPlace: (...place) =>
      !isBroken('clients stay when the log is replaced') && real.hasLostPlace(...place),
    missedBy: (history, identity, resume) => {
      const isAnybody = isBroken('recovery does not look at whom a message is for')
      return real.missedBy(history, isAnybody ? {...nobody, user: 'u1'} : identity, resume)
    },
    answeredPosition: (delivered, resume, isRecovered) =>
      isBroken('the answer names the node\'s position')
        ? delivered
        : real.answeredPosition(delivered, resume, isRecovered),
    isPositionDue: (...place) =>
      !isBroken('quiet clients are told nothing') && real.isPositionDue(...place),
    takesClients: (state) => !isBroken('nodes take no clients') && real.takesClients(state),
  }
})

/** Methods, which need no module of their own. */
const SPIES: Partial<Record<Rule, () => void>> = {
  'no dedupe': () => {
    vi.spyOn(Log.prototype, 'lastCounter').mockReturnValue(undefined)
  },
  'a truncation keeps callers\' ids': () => {
    vi.spyOn(Callers.prototype, 'truncateTo').mockReturnValue()
  },
  'history forgotten before its time': () => {
    const prune = Reflect.get(Log.prototype, 'prune')
    vi.spyOn(Log.prototype, 'prune').mockImplementation(function (this: Log) {
      prune.call(this, Math.max(0, this.last.seq - 1), Infinity, 0)
    })
  },
  'the history has no bound': () => {
    vi.spyOn(Log.prototype, 'prune').mockReturnValue()
  },
  'some messages never leave the outbox': () => {
    const settle = Reflect.get(Outbox.prototype, 'settle')
    vi.spyOn(Outbox.prototype, 'settle').mockImplementation(function (this: Outbox, counter) {
      return counter === 3 ? undefined : settle.call(this, counter)
    })
  },
}

afterEach(() => {
  broken.rule = ''
  vi.restoreAllMocks()
})

describe('a broken rule is noticed', {timeout: 60_000}, () => {
  test.each(INNER_BREAKS)('$rule', (entry) => {
    broken.rule = entry.rule
    SPIES[entry.rule]?.()
    expect(noticed(entry)).toContain(entry.invariant)
  })

  test('nothing broken, nothing noticed', () => {
    for (let seed = 1; seed <= 10; seed += 1) expect(runSeed(seed).failure).toBeUndefined()
  })

  test('each invariant has a break that it notices', () => {
    const named = new Set<string>([...INNER_BREAKS, ...OUTER_BREAKS].map((entry) => entry.invariant))
    expect(Object.keys(INVARIANTS).filter((name) => !named.has(name))).toEqual([])
  })
})
