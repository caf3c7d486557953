import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {
  matchesTarget,
  targetFromJson,
  targetToJson,
  type Identity,
} from '../../../src/lib/protocol/target.js'

describe('a target as users write it', () => {
  it.each([
    [{user: 42}, {kind: 'user', ids: ['42']}],
    [{user: '42'}, {kind: 'user', ids: ['42']}],
    [{user: [42, 7]}, {kind: 'user', ids: ['42', '7']}],
    [{user: [42, '42']}, {kind: 'user', ids: ['42']}],
    [{group: 'staff'}, {kind: 'group', ids: ['staff']}],
    [{session: ['a', 'b']}, {kind: 'session', ids: ['a', 'b']}],
    [{filter: {language: 'en'}}, {kind: 'filter', pairs: [['language', 'en']]}],
    [{filter: {a: 1, b: true}}, {kind: 'filter', pairs: [['a', '1'], ['b', 'true']]}],
    [{registered: true}, {kind: 'registered'}],
    [{everyone: true}, {kind: 'everyone'}],
  ])('%j is understood', (json, value) => {
    expect(targetFromJson(json)).toEqual({ok: true, value})
  })

  it.each([
    ['nothing', undefined, 'a target is an object with one of user, group'],
    ['null', null, 'a target is an object'],
    ['text', 'everyone', 'a target is an object'],
    ['a list', [{user: 1}], 'a target is an object'],
    ['an empty object', {}, 'no target'],
    ['a slip of the pen', {users: 42}, 'unknown target "users": use one of user, group'],
    ['two kinds', {user: 42, group: 'a'}, 'two targets, user and group'],
    ['an empty list', {user: []}, 'user is an empty list'],
    ['empty text', {user: ''}, 'user "" is no id'],
    ['half a number', {user: 1.5}, 'user 1.5 is no id'],
    ['a number that is not exact', {user: 2 ** 53}, 'is no id'],
    ['no number', {user: Number.NaN}, 'is no id'],
    ['an object as id', {group: {a: 1}}, 'group {"a":1} is no id'],
    ['a list in a list', {group: [['a']]}, 'group ["a"] is no id'],
    ['a long id', {session: 'x'.repeat(256)}, 'is no id'],
    ['half a letter', {user: '\uD800'}, 'is no id'],
    ['too many ids', {user: Array.from({length: 10_001}, (_, i) => i)}, '10000 are allowed'],
    ['registered but not true', {registered: 1}, 'registered must be true'],
    ['everyone but not true', {everyone: false}, 'everyone must be true'],
    ['a filter of text', {filter: 'language=en'}, 'filter is an object'],
    ['an empty filter', {filter: {}}, 'filter is empty'],
    ['a filter for null', {filter: {language: null}}, 'filter language null'],
    ['a filter for nothing', {filter: {'': 'x'}}, 'filter key ""'],
    ['__proto__', JSON.parse('{"__proto__":{"user":1}}'), 'unknown target "__proto__"'],
  ])('%s is refused', (_, json, reason) => {
    const read = targetFromJson(json)
    expect(read.ok).toBe(false)
    if (!read.ok) expect(read.reason).toContain(reason)
  })

  it('has at most so many keys in a filter', () => {
    const keys = Array.from({length: LIMITS.filterPairs}, (_, index) => [`k${index}`, 'v'])
    expect(targetFromJson({filter: Object.fromEntries(keys)}).ok).toBe(true)
    keys.push(['more', 'v'])
    expect(targetFromJson({filter: Object.fromEntries(keys)}).ok).toBe(false)
  })

  it('may be any value: the answer is a target or a reason', () => {
    const key = fc.constantFrom('user', 'group', 'session', 'filter', 'registered', 'everyone')
    const near = fc.dictionary(key, fc.anything(), {maxKeys: 2})
    fc.assert(
      fc.property(fc.oneof(fc.anything(), near), (value) => {
        const read = targetFromJson(value)
        if (!read.ok) expect(read.reason).not.toBe('')
        else expect(targetFromJson(targetToJson(read.value))).toEqual(read)
      }),
      {numRuns: 2000},
    )
  })

})

describe('whom a target means', () => {
  const ann: Identity = {
    user: '42',
    groups: ['staff', 'press'],
    session: 's1',
    properties: {language: 'en', user_agent: 'x'},
  }
  const guest: Identity = {
    user: undefined,
    groups: [],
    session: undefined,
    properties: {language: 'en'},
  }

  it.each([
    [{user: 42}, true, false],
    [{user: '042'}, false, false],
    [{user: [7, 42]}, true, false],
    [{user: 7}, false, false],
    [{group: 'staff'}, true, false],
    [{group: ['nobody', 'press']}, true, false],
    [{group: 'nobody'}, false, false],
    [{session: 's1'}, true, false],
    [{session: 's2'}, false, false],
    [{filter: {language: 'en'}}, true, false],
    [{filter: {language: 'en', user: 42}}, true, false],
    [{filter: {language: 'en', session: 's1'}}, true, false],
    [{filter: {language: 'en', user: 7}}, false, false],
    [{filter: {language: 'de'}}, false, false],
    [{filter: {constructor: 'x'}}, false, false],
    [{registered: true}, true, false],
    [{everyone: true}, true, true],
  ])('%j means Ann: %s, a guest: %s', (json, isAnn, isGuest) => {
    const read = targetFromJson(json)
    if (!read.ok) throw new Error(read.reason)
    expect(matchesTarget(read.value, ann)).toBe(isAnn)
    expect(matchesTarget(read.value, guest)).toBe(isGuest)
  })
})
