import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {compileGlob} from '../../../src/lib/node/glob.js'

describe('compileGlob', () => {
  test.each([
    ['the same text', 'hello', 'hello', true],
    ['a text with more behind it', 'hello', 'hello2', false],
    ['one character', 'h?llo', 'hällo', true],
    ['no character where one is due', 'h?llo', 'hllo', false],
    ['a run', 'chat/*', 'chat/new', true],
    ['an empty run', 'chat/*', 'chat/', true],
    ['a run that would cross a slash', 'chat/*', 'chat/room/new', false],
    ['a run that may cross slashes', 'chat/**', 'chat/room/new', true],
    ['runs at both ends', '**room**', 'chat/room/new', true],
    ['characters that mean something in a regular expression', 'a.b(c)+', 'a.b(c)+', true],
    ['the dot is no wildcard', 'a.b', 'axb', false],
    ['an empty glob and an empty text', '', '', true],
  ])('%s', (_, glob, text, expected) => {
    expect(compileGlob(glob)(text)).toBe(expected)
  })

  test('agrees with the regular expression that says the same', () => {
    const glob = fc.string({unit: fc.constantFrom('a', 'b', '/', '*', '?'), maxLength: 8})
    const text = fc.string({unit: fc.constantFrom('a', 'b', '/'), maxLength: 10})
    fc.assert(fc.property(glob, text, (pattern, value) => {
      const source = pattern.replaceAll(/\*{2,}|\*|\?/g, (part) =>
        part === '?' ? '.' : part === '*' ? '[^/]*' : '.*')
      expect(compileGlob(pattern)(value)).toBe(new RegExp(`^${source}$`, 's').test(value))
    }))
  })

  test('ends soon on a glob that a backtracking matcher would not end on', () => {
    expect(compileGlob('**a'.repeat(80))(`${'a'.repeat(250)}b`)).toBe(false)
  })
})
