import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {mismatchOf} from '../../../src/lib/protocol/mismatch.js'
import {matchesTarget, type Identity, type Target} from '../../../src/lib/protocol/target.js'

const names = fc.constantFrom('a', 'b', 'user', 'session', 'constructor')
const ids = fc.array(names, {minLength: 1, maxLength: 4})
const targets: fc.Arbitrary<Target> = fc.oneof(
  fc.record({kind: fc.constantFrom('user', 'group', 'session'), ids}),
  fc.record({kind: fc.constant('filter'), pairs: fc.array(fc.tuple(names, names), {minLength: 1})}),
  fc.record({kind: fc.constantFrom('registered', 'everyone')}),
)
const identities: fc.Arbitrary<Identity> = fc.record({
  user: fc.option(names, {nil: undefined}),
  groups: fc.array(names),
  session: fc.option(names, {nil: undefined}),
  properties: fc.dictionary(names, names),
})

const ann: Identity = {
  user: 'ann', groups: ['staff'], session: 's1', properties: {language: 'de'},
}

describe('why a target does not mean a connection', () => {
  it('is said exactly when it does not', () => {
    fc.assert(
      fc.property(targets, identities, (target, identity) => {
        expect(mismatchOf(target, identity) === undefined).toBe(matchesTarget(target, identity))
      }),
      {numRuns: 2000},
    )
  })

  it.each<[Target, string]>([
    [{kind: 'user', ids: ['42']}, 'user ann'],
    [{kind: 'group', ids: ['a', 'b', 'c', 'd']}, 'not in group a, b, c, …'],
    [{kind: 'group', ids: ['a', 'b']}, 'not in group a or b'],
    [{kind: 'session', ids: ['s2']}, 'session s1'],
    [{kind: 'filter', pairs: [['language', 'en']]}, 'language is de, not en'],
    [{kind: 'filter', pairs: [['user', 'x']]}, 'user is ann, not x'],
    [{kind: 'filter', pairs: [['mood', 'good']]}, 'no mood, where mood=good is needed'],
  ])('%j: %s', (target, text) => expect(mismatchOf(target, ann)).toBe(text))

  it('is being a guest, for all but everyone', () => {
    const guest = {user: undefined, groups: [], session: undefined, properties: {}}
    expect(mismatchOf({kind: 'registered'}, guest)).toBe('a guest')
    expect(mismatchOf({kind: 'everyone'}, guest)).toBeUndefined()
  })
})
