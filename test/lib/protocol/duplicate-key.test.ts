import fc from 'fast-check'
import {expect, test} from 'vitest'
import {duplicateKey} from '../../../src/lib/protocol/duplicate-key.js'

test.each([
  ['{}', undefined],
  ['5', undefined],
  ['"a:b,a:b"', undefined],
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', undefined],
  ['{"a":"\\"a\\":","b":1}', undefined],
  ['{"a":{"a":1},"b":"a"}', undefined],
  ['{"a":1,"a":1}', 'a'],
  ['{"":1,"":2}', ''],
  ['{"a":1, "b":[{"x" :1,"y":{}, "x"\n:2}]}', 'x'],
  ['{"a\\u0062":1,"ab":2}', 'ab'],
  ['{"\\"":1,"\\"":2}', '"'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['{"a":{"b":1},"c":2,"a":3}', 'a'],
])('%s has twice: %j', (text, name) => {
  expect(duplicateKey(text)).toBe(name)
})

test('what JSON.stringify makes has none; with one field more that is there, that one', () => {
  fc.assert(fc.property(fc.json({maxDepth: 5}), (text) => {
    // JSON.parse keeps one of each name.
    expect(duplicateKey(JSON.stringify(JSON.parse(text)))).toBeUndefined()
  }))
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue(), {minKeys: 1}), fc.nat(), (value, n) => {
    const names = Object.keys(value)
    const name = names[n % names.length] ?? ''
    const text = JSON.stringify(value).replace(/\}$/, () => `,${JSON.stringify(name)}:0}`)
    expect(duplicateKey(text)).toBe(name)
  }))
})
