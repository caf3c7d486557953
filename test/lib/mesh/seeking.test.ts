import {expect, test} from 'vitest'
import {defaultMeshConfig} from '../../../src/lib/mesh/config.js'
import {MeshCore} from '../../../src/lib/mesh/core.js'
import type {MeshEffect} from '../../../src/lib/mesh/effect.js'
import type {MeshEvent} from '../../../src/lib/mesh/event.js'
import type {MemberInfo} from '../../../src/lib/mesh/membership.js'
import type {NodeFrame} from '../../../src/lib/protocol/node-frame.js'
import {ORIGIN_PLACE} from '../../../src/lib/protocol/position.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {seededRandom} from '../../../src/lib/util/random.js'

const TERM = 7

function member(name: string): MemberInfo {
  const url = `ws://${name}/mesh`
  return {id: nodeId(name), url, clientUrl: url, version: '0.0.0', pid: 1}
}

function address(name: string) {
  return {id: nodeId(name), url: `ws://${name}/mesh`}
}

/** A node that has just read that n1 holds the lease, and knows which others have died. */
function newcomer(view: readonly string[] = ['n1'], dead: readonly string[] = []) {
  const core = new MeshCore({
    self: member('n9'), config: defaultMeshConfig, random: seededRandom(1), now: 0,
    knownDead: new Set(dead.map(nodeId)),
  })
  let nowMs = 0
  const step = (event: MeshEvent): MeshEffect[] => core.step(event, nowMs)
  const [read] = step({type: 'tick'})
  if (read?.type !== 'read-pool') throw new Error('the pool is read first')
  nowMs = 1
  const members = ['n1', 'n9'].map((name, order) => ({...member(name), order, beat: 1}))
  const lease = {
    epoch: 'e', term: TERM, version: 5, holder: nodeId('n1'), view: view.map(address),
  }
  const effects = step({type: 'pool-read', request: read.request, pool: {members, lease}})
  return {
    step,
    effects,
    /** All effects until then; each dial is refused at once. */
    until(untilMs: number): readonly MeshEffect[] {
      const seen = [...effects]
      for (let index = 0; nowMs < untilMs; index += 1) {
        const effect = seen[index]
        if (effect === undefined) {
          nowMs += defaultMeshConfig.tickMs
          seen.push(...step({type: 'tick'}))
          index -= 1
        } else if (effect.type === 'dial') {
          seen.push(...step({type: 'link-failed', link: effect.link, gone: true}))
        } else if (effect.type === 'read-pool') {
          const {request} = effect
          seen.push(...step({type: 'pool-read', request, pool: {members, lease}}))
        }
      }
      return seen
    },
    /** Ticks until something is dialled. */
    dialled(first: readonly MeshEffect[] = []) {
      for (let seen = first; nowMs < 2000; seen = step({type: 'tick'})) {
        const dial = seen.find((effect) => effect.type === 'dial')
        if (dial?.type === 'dial') return {link: dial.link, to: dial.to.id}
        nowMs += defaultMeshConfig.tickMs
      }
      throw new Error('nothing was dialled')
    },
  }
}

function refusal(term: number, master: string): NodeFrame {
  return {type: 'refuse', term, reason: 'not-master', master: address(master)}
}

test('whom a refusal names and who is gone is not tried for ever: the lease is believed', () => {
  const node = newcomer()
  const first = node.dialled(node.effects)
  expect(first.to).toBe('n1')
  node.step({type: 'link-opened', link: first.link, peer: nodeId('n1')})
  // It knows a term in which n5 led, and leads the next one in a moment.
  const named = node.step({type: 'frame', link: first.link, frame: refusal(TERM + 1, 'n5')})
  const second = node.dialled(named)
  expect(second.to).toBe('n5')
  const failed = node.step({type: 'link-failed', link: second.link, gone: true})
  expect(node.dialled(failed).to).toBe('n1')
})

test('who holds a term the lease knows better than a refusal', () => {
  const node = newcomer()
  const first = node.dialled(node.effects)
  node.step({type: 'link-opened', link: first.link, peer: nodeId('n1')})
  const named = node.step({type: 'frame', link: first.link, frame: refusal(TERM, 'n5')})
  expect(node.dialled(named).to).toBe('n1')
})

test('a refusal names a master under its own term, not under the highest heard of', () => {
  const node = newcomer()
  const {link} = node.dialled(node.effects)
  node.step({type: 'link-opened', link, peer: nodeId('n1')})
  node.step({
    type: 'frame', link,
    frame: {
      type: 'welcome', term: TERM, epoch: 'e', keep: ORIGIN_PLACE, snapshot: undefined,
      last: ORIGIN_PLACE, view: [address('n1')],
    },
  })
  node.step({type: 'link-accepted', link: 2, peer: nodeId('n3')})
  const ask = {type: 'ask', term: TERM + 2, epoch: 'e', master: nodeId('n1')} as const
  node.step({type: 'frame', link: 2, frame: ask})
  const follow = {
    type: 'follow', term: 0, chain: {epoch: '', after: ORIGIN_PLACE, ends: []},
  } as const
  const effects = node.step({type: 'frame', link: 2, frame: follow})
  const refusals = effects.filter((effect) => effect.type === 'send')
  expect(refusals).toMatchObject([{frame: {type: 'refuse', term: TERM, master: {id: 'n1'}}}])
})

function claims(effects: readonly MeshEffect[]) {
  return effects.filter((effect) => effect.type === 'swap-lease').map(({next}) => next)
}

test('a lease whose whole view is known to be dead is claimed at once, in a new epoch', () => {
  const node = newcomer(['n1', 'n2'], ['n1', 'n2', 'n7'])
  const [claim] = claims(node.effects)
  expect(claim).toMatchObject({term: TERM + 1, holder: 'n9', view: [address('n9')]})
  expect(claim?.epoch).not.toBe('e')
  expect(node.effects.filter(({type}) => type === 'dial')).toEqual([])
})

test.each([
  ['nobody is known to be dead', ['n1'], []],
  ['another node is', ['n1'], ['n7']],
  ['only the holder is', ['n1', 'n2'], ['n1']],
  ['only the others are', ['n1', 'n2'], ['n2']],
])('refused dials are no such proof: the lease is waited for when %s', (_what, view, dead) => {
  const node = newcomer(view, dead)
  expect(claims(node.until(defaultMeshConfig.leaseMs - 100))).toEqual([])
  expect(claims(node.until(defaultMeshConfig.leaseMs + 1000)).length).toBeGreaterThan(0)
})
