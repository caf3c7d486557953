/** Cores that are broken from outside: what they see, and what they ask for, is changed. */
import {describe, expect, test} from 'vitest'
import type {MeshCore} from '../../src/lib/mesh/core.js'
import type {MeshEffect} from '../../src/lib/mesh/effect.js'
import type {MakeCore} from '../../src/lib/simulation/core-like.js'
import {makeMeshCore} from '../../src/lib/simulation/run-seed.js'
import {ORIGIN_PLACE} from '../../src/lib/protocol/position.js'
import type {NodeId} from '../../src/lib/util/brand.js'
import {OUTER_BREAKS} from './breaks.js'
import {mangled, noticed, type Mangling} from './caught.js'

type Deliver = Extract<MeshEffect, {type: 'deliver'}>
type Rule = (typeof OUTER_BREAKS)[number]['rule']

/** Each core changes its effects one by one: to another, to none or to several. */
function effects(
  change: (effect: MeshEffect) => MeshEffect | undefined | readonly MeshEffect[],
): Mangling {
  return {
    effects: (all) => all.flatMap((effect) => change(effect) ?? []),
  }
}

function everywhere(mangling: Mangling): MakeCore {
  return mangled(() => mangling)
}

function onlyAt(id: string, mangling: Mangling): MakeCore {
  return mangled(({self}) => (self.id === id ? mangling : undefined))
}

const MAKE: Readonly<Record<Rule, () => MakeCore>> = {
  'a claim that lost is taken for won': () =>
    everywhere({
      event: (event) => (event.type === 'lease-swapped' ? {...event, won: true} : event),
    }),
  'no suffix fetched by a new master': () =>
    everywhere({
      event: (event) => {
        if (event.type !== 'frame' || event.frame.type !== 'promised') return event
        const chain = {...event.frame.chain, after: ORIGIN_PLACE, ends: []}
        return {...event, frame: {...event.frame, chain}}
      },
    }),
  'one follower never gets a message': () =>
    onlyAt('n2', {
      event: (event) => {
        const isRelay = event.type === 'frame' && event.frame.type === 'relay'
        return isRelay && event.frame.entries.length > 0 ? undefined : event
      },
    }),
  'nobody asks again for what is missing': () =>
    everywhere(effects((effect) => {
      return effect.type === 'send' && effect.frame.type === 'resend' ? undefined : effect
    })),
  'a delivery is forgotten': () =>
    mangled(() => {
      let deliveries = 0
      return effects((effect) => {
        if (effect.type !== 'deliver') return effect
        deliveries += 1
        return deliveries === 20 ? undefined : effect
      })
    }),
  'the first node counts wrongly': () =>
    onlyAt('n1', effects((effect) => {
      if (effect.type !== 'deliver') return effect
      const entries = effect.entries.map((entry) => ({...entry, seq: entry.seq + 5}))
      return {...effect, after: effect.after + 5, entries}
    })),
  'messages swap their contents': () =>
    everywhere({
      event: (event) => {
        if (event.type !== 'frame' || event.frame.type !== 'publish') return event
        const [first, second, ...rest] = event.frame.envelopes
        if (!first || !second) return event
        const envelopes = [
          {...first, payload: second.payload}, {...second, payload: first.payload}, ...rest,
        ]
        return {...event, frame: {...event.frame, envelopes}}
      },
    }),
  'a claim does not raise the term': () =>
    everywhere(effects((effect) => {
      if (effect.type !== 'swap-lease' || !effect.expected || effect.expected.term < 2) return effect
      const {next, expected} = effect
      return next.term > expected.term ? {...effect, next: {...next, term: 1}} : effect
    })),
  'a renewal does not raise the version': () =>
    everywhere(effects((effect) => {
      if (effect.type !== 'swap-lease' || !effect.expected) return effect
      const {version} = effect.expected
      return {...effect, next: {...effect.next, version}}
    })),
  'links are closed twice': () =>
    everywhere(effects((effect) => (effect.type === 'close-link' ? [effect, effect] : effect))),
  'dials have even numbers': () =>
    everywhere(effects((effect) => {
      return effect.type === 'dial' ? {...effect, link: effect.link + 1} : effect
    })),
  'the store is asked twice': () =>
    everywhere(effects((effect) => {
      return effect.type === 'read-pool' ? [effect, {...effect, request: -1}] : effect
    })),
  'messages are accepted twice': () =>
    everywhere(effects((effect) => (effect.type === 'accepted' ? [effect, effect] : effect))),
  'a receipt counts one too many': () =>
    everywhere(effects((effect) => {
      if (effect.type !== 'receipt' || effect.receipt.type !== 'stable') return effect
      const byNode = effect.receipt.byNode.map((count) => {
        return {...count, connections: count.connections + 1}
      })
      return {...effect, receipt: {...effect.receipt, byNode}}
    })),
  'a receipt names somebody missing who is not': () =>
    mangled(({self}) => effects((effect) => {
      if (effect.type !== 'receipt' || effect.receipt.type !== 'stable') return effect
      return {...effect, receipt: {...effect.receipt, missing: [self.id]}}
    })),
  'the outbox has no bound': () => (options) => {
    return makeMeshCore({...options, config: {...options.config, outboxMessages: Infinity}})
  },
  'a node tells its standing again and again': () =>
    everywhere({
      effects: (all, event, core) => {
        return event.type === 'tick' ? [...all, {type: 'standing', standing: core.standing}] : all
      },
    }),
  'newcomers deliver nothing': () =>
    mangled(({self}) => {
      if (!self.id.includes('-')) return undefined
      return {
        effects: (all, _, core, now) => {
          for (const effect of all) {
            if (effect.type === 'deliver') deliveredToNobody(core, effect, now)
          }
          return all.filter(({type}) => type !== 'deliver')
        },
        position: () => undefined,
      }
    }),
  'a view is written without one of its members': () =>
    everywhere(effects((effect) => {
      if (effect.type !== 'swap-lease' || effect.next.view.length < 3) return effect
      return {...effect, next: {...effect.next, view: effect.next.view.slice(0, -1)}}
    })),
  'a living member is removed from the pool': () =>
    everywhere({
      effects: (all, event) => {
        const members = event.type === 'pool-read' ? event.pool.members : []
        const other = members.at(-1)
        return other ? [...all, {type: 'remove-member', id: other.id}] : all
      },
    }),
  'nodes answer whatever they hear': () =>
    everywhere({
      effects: (all, event, core) => {
        const isLinked = core.stats().links > 0 && !all.some(({type}) => type === 'close-link')
        if (event.type !== 'frame' || event.frame.type !== 'relay' || !isLinked) return all
        return [...all, {type: 'send', link: event.link, frame: {...event.frame, entries: []}}]
      },
    }),
  'what was missed is skipped': () =>
    everywhere({
      effects: (all, _, core, now) => all.map((effect) => {
        if (effect.type !== 'deliver' || effect.entries.length < 10) return effect
        deliveredToNobody(core, effect, now)
        const {term, seq} = effect.entries.at(-1) ?? ORIGIN_PLACE
        return {type: 'log-replaced', epoch: effect.epoch, after: {term, seq}, reset: true}
      }),
    }),
  'a question names no node': () =>
    everywhere(effects((effect) => {
      if (effect.type !== 'send' || effect.frame.type !== 'ask') return effect
      return {...effect, frame: {...effect.frame, master: 'no node!' as NodeId}}
    })),
}

/** The core believes that it was done. */
function deliveredToNobody(core: MeshCore, {after, entries}: Deliver, now: number): void {
  core.step({type: 'delivered', after, connections: entries.map(() => 0)}, now)
}

describe('what a broken core asks for is noticed', {timeout: 60_000}, () => {
  test.each(OUTER_BREAKS)('$rule', (entry) => {
    expect(noticed(entry, MAKE[entry.rule]())).toContain(entry.invariant)
  })
})
