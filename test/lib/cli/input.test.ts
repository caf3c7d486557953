import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {describe, expect, test} from 'vitest'

import {readDetails} from '../../../src/lib/cli/details-input.js'
import {durationWithin} from '../../../src/lib/cli/flags.js'
import {type InputLine, linesOf} from '../../../src/lib/cli/lines.js'
import {parseLine} from '../../../src/lib/cli/send-stream.js'
import {checkSendUsage} from '../../../src/lib/cli/send-usage.js'
import {splitNodeFlags} from '../../../src/lib/cli/tail-usage.js'
import {describeTarget, targetOf, unknownKeysHint} from '../../../src/lib/cli/target-flags.js'

describe('targets', () => {
  test.each([
    [{user: ['42']}, {user: ['42']}, 'user 42'],
    [{user: ['42', '7']}, {user: ['42', '7']}, 'users 42, 7'],
    [{group: ['staff']}, {group: ['staff']}, 'group staff'],
    [{filter: ['lang=en', 'a=b=c']}, {filter: {lang: 'en', a: 'b=c'}}, 'filter lang=en a=b=c'],
    [{registered: true, everyone: false}, {registered: true}, 'everyone registered'],
    [{everyone: true}, {everyone: true}, 'everyone'],
  ])('%j', (flags, target, words) => {
    expect(targetOf(flags)).toEqual(target)
    expect(describeTarget(targetOf(flags))).toBe(words)
  })

  test.each([
    [{}, 'Who is it for?'],
    [{registered: false}, 'Who is it for?'],
    [{user: ['1'], everyone: true}, '--user and --everyone together'],
    [{filter: ['language']}, 'is not KEY=VALUE'],
    [{filter: ['=en']}, 'is not KEY=VALUE'],
    [{user: ['']}, 'Wrong target'],
  ])('%j is refused', (flags, message) => {
    expect(() => targetOf(flags)).toThrow(message)
  })
})

test('a filter by a key that no connection has: the keys there are', () => {
  expect(unknownKeysHint({filter: {lang: 'fi', user: '1'}})).toBe(
    'Nodes know language, user_agent, user, session, address, connection; "lang" is there if ' +
      'your application or a handler has set it',
  )
  expect(unknownKeysHint({filter: {language: 'fi'}})).toBeUndefined()
  expect(unknownKeysHint({everyone: true})).toBeUndefined()
})

describe('details', () => {
  const none = Readable.from([])

  test('words are text, or JSON when asked for', async () => {
    const words = ['1', '{"a":2}']
    const input = {words, from: undefined}
    await expect(readDetails({...input, asJson: false}, none)).resolves.toEqual(words)
    await expect(readDetails({...input, asJson: true}, none)).resolves.toEqual([1, {a: 2}])
  })

  test('an array comes from stdin', async () => {
    const stdin = Readable.from([Buffer.from('["ž', 'utf8'), Buffer.from('", 1]')])
    const input = {words: [], asJson: false, from: '-'}
    await expect(readDetails(input, stdin)).resolves.toEqual(['ž', 1])
  })

  test.each([
    [{words: ['x'], asJson: true, from: undefined}, '', 'DETAILS_INVALID'],
    [{words: ['x'], asJson: false, from: '-'}, '[]', 'USAGE'],
    [{words: [], asJson: false, from: 'file.json'}, '', 'USAGE'],
    [{words: [], asJson: false, from: '@/nowhere/x.json'}, '', 'FILE_UNREADABLE'],
    [{words: [], asJson: false, from: '-'}, '{"a": 1}', 'DETAILS_INVALID'],
    [{words: [], asJson: false, from: '-'}, '[1', 'DETAILS_INVALID'],
  ])('%j with stdin %j is refused with %s', async (input, text, code) => {
    await expect(readDetails(input, Readable.from([text]))).rejects.toMatchObject({code})
  })

  test('bytes that are not UTF-8 are refused, not replaced', async () => {
    const stdin = Readable.from([Buffer.from([0x5b, 0x22, 0xe9, 0x22, 0x5d])])
    const input = {words: [], asJson: false, from: '-'}
    await expect(readDetails(input, stdin)).rejects.toMatchObject({
      code: 'DETAILS_INVALID',
      message: expect.stringContaining('UTF-8'),
    })
    const folder = await mkdtemp(join(tmpdir(), 'wsmesh-input-'))
    await writeFile(join(folder, 'd.json'), Buffer.from([0x5b, 0x22, 0xe9, 0x22, 0x5d]))
    const fromFile = {...input, from: `@${join(folder, 'd.json')}`}
    await expect(readDetails(fromFile, stdin)).rejects.toMatchObject({code: 'DETAILS_INVALID'})
    await rm(folder, {recursive: true})
  })

  test('a terminal is not waited for', async () => {
    const terminal = Object.assign(Readable.from([]), {isTTY: true})
    const input = {words: [], asJson: false, from: '-'}
    await expect(readDetails(input, terminal)).rejects.toMatchObject({code: 'USAGE'})
  })
})

describe('what belongs together in send', () => {
  const base = {stdin: false, 'json-details': false}
  const pipe = Readable.from([])

  test.each([
    [{...base}, undefined],
    [{...base, stdin: true}, 'hello'],
    [{...base, stdin: true, user: ['1']}, undefined],
    [{...base, stdin: true, details: '-'}, undefined],
    [{...base, stdin: true, 'json-details': true}, undefined],
  ])('%j with action %s is a usage error', (flags, action) => {
    const check = () => checkSendUsage(flags, action, pipe)
    expect(check).toThrow(expect.objectContaining({code: 'USAGE'}))
  })

  test('--stdin on a terminal is a usage error', () => {
    const terminal = Object.assign(Readable.from([]), {isTTY: true})
    expect(() => checkSendUsage({...base, stdin: true}, undefined, terminal)).toThrow('terminal')
  })
})

async function read(chunks: readonly string[], max = 100): Promise<InputLine[]> {
  const lines: InputLine[] = []
  for await (const line of linesOf(Readable.from(chunks.map((text) => Buffer.from(text))), max)) {
    lines.push(line)
  }
  return lines
}

describe('lines of a stream', () => {
  test('chunks are put together and split at line ends', async () => {
    await expect(read(['{"a"', ':1}\n\n{"b":2}\r\n{"c"', ':3}'])).resolves.toEqual([
      {number: 1, text: '{"a":1}'},
      {number: 3, text: '{"b":2}\r'},
      {number: 4, text: '{"c":3}'},
    ])
  })

  test('a line too long is named and skipped, the next is read', async () => {
    await expect(read(['aaaaaa', 'aaaaaa\nok\n', 'bbbbbbbbbbbb'], 10)).resolves.toEqual([
      {number: 1, text: undefined},
      {number: 2, text: 'ok'},
      {number: 3, text: undefined},
    ])
  })

  test('a line is a publication', () => {
    const text = '{"action":"hello","details":["Hi"],"user":[42]}'
    expect(parseLine({number: 1, text})).toEqual({
      action: 'hello', details: ['Hi'], target: {user: ['42']},
    })
  })

  test.each([
    ['nonsense', 'INPUT_INVALID'],
    ['[]', 'INPUT_INVALID'],
    ['{"user":1}', 'INPUT_INVALID'],
    ['{"action":"a"}', 'TARGET_INVALID'],
    ['{"action":"a","user":1,"everyone":true}', 'TARGET_INVALID'],
    ['{"action":"a","users":1}', 'TARGET_INVALID'],
    ['{"action":"","user":1}', 'DETAILS_INVALID'],
    [undefined, 'INPUT_INVALID'],
  ])('%s is refused with %s', (text, code) => {
    expect(() => parseLine({number: 7, text})).toThrow(expect.objectContaining({code}))
  })
})

describe('flags', () => {
  test.each([
    ['5s', 5000],
    ['1m30s', 90_000],
    ['1ms', 1],
  ])('%s is %i ms', (text, ms) => {
    expect(durationWithin(text, '--timeout', {})).toBe(ms)
  })

  test.each(['', '5', 'abc', '-1s', '0ms', '31d'])('%j is no allowed duration', (text) => {
    const read = () => durationWithin(text, '--ttl', {})
    expect(read).toThrow(expect.objectContaining({code: 'USAGE'}))
  })

  test.each([
    [[], {}],
    [['n1'], {origin: 'n1'}],
    [['ws://h:1'], {node: 'ws://h:1'}],
    [['h:8080'], {node: 'h:8080'}],
    [['ws://h:1', 'n1'], {node: 'ws://h:1', origin: 'n1'}],
  ])('tail --node %j', (values, expected) => {
    expect(splitNodeFlags(values)).toEqual({origin: undefined, node: undefined, ...expected})
  })

  test('two ids are one too many', () => {
    expect(() => splitNodeFlags(['n1', 'n2'])).toThrow('--node takes one id')
  })
})
