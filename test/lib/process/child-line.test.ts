import {describe, expect, test} from 'vitest'

import {readableLogLine, readStdoutLine} from '../../../src/lib/process/child-line.js'

const READY = {
  type: 'ready', node: 'n-1', role: 'master', term: 1, clientUrl: 'ws://127.0.0.1:1/WebSockets',
  nodeUrl: 'ws://127.0.0.1:1/mesh', httpUrl: 'http://127.0.0.1:1', apiUrl: 'http://127.0.0.1:1', pool: 'sqlite:/p', pid: 9,
}

describe('stdout of a node', () => {
  test('the ready line', () => {
    const {type: _type, ...ready} = READY
    expect(readStdoutLine(JSON.stringify(READY))).toEqual({type: 'ready', ready})
  })

  test('an error and its hint', () => {
    const line = '{"error":{"code":"X","message":"No pool","hint":"try","exit":3}}'
    expect(readStdoutLine(line)).toEqual({type: 'error', message: 'No pool', hint: 'try'})
    const deep = '{"error":{"message":"No pool","why":"it is away","hint":"try"}}'
    expect(readStdoutLine(deep)).toMatchObject({message: 'No pool: it is away'})
    expect(readStdoutLine('{"error":{"message":"No pool","why":null,"hint":null}}')).toEqual({
      type: 'error', message: 'No pool', hint: undefined,
    })
  })

  test.each([
    '', 'words', '{}', '[]', 'null', '{"type":"ready"}', JSON.stringify({...READY, pid: '9'}),
    JSON.stringify({...READY, clientUrl: ''}), '{"error":"x"}', '{'.repeat(10_000),
  ])('anything else is passed over: %.40s', (line) => {
    expect(readStdoutLine(line)).toEqual({type: 'other'})
  })
})

describe('log of a node', () => {
  test.each([
    ['{"at":"t","level":"info","text":"Following"}', undefined],
    ['{"at":"t","level":"warn","text":"Dropped","node":"n-2"}', 'Dropped node=n-2'],
    ['{"at":"t","level":"error","text":"Bug","stack":"at x"}', 'Bug'],
    ['{"at":"t","level":"info","text":"Actions loaded","file":"/a.mjs"}', 'Actions loaded file=/a.mjs'],
    ['Segmentation fault', 'Segmentation fault'],
    ['  ', undefined],
    ['{"no":"text"}', '{"no":"text"}'],
  ])('%s', (line, shown) => {
    expect(readableLogLine(line)).toBe(shown)
  })
})
