import {expect, test} from 'vitest'

import {printable, truncate} from '../../../src/lib/cli/printable.js'
import {type Column, renderTable} from '../../../src/lib/cli/table.js'

interface Row {
  readonly name: string
  readonly count: number
}

const columns: readonly Column<Row>[] = [
  {header: 'NAME', cell: ({name}) => name, shrinks: true},
  {header: 'COUNT', align: 'right', cell: ({count}) => String(count)},
]

test('columns are aligned, two spaces apart, without blanks at the end', () => {
  const rows = [{name: 'a', count: 5}, {name: 'longer', count: 1234}]
  expect(renderTable(columns, rows)).toEqual(['NAME    COUNT', 'a           5', 'longer   1234'])
})

test('an empty cell is a hyphen, so that awk can count columns', () => {
  expect(renderTable(columns, [{name: '', count: 1}])[1]).toBe('-         1')
})

test('a colour does not count as width', () => {
  const styled: readonly Column<Row>[] = [
    {header: 'NAME', cell: ({name}) => ({text: name, style: (text) => `<${text}>`})},
    {header: 'COUNT', cell: ({count}) => String(count)},
  ]
  expect(renderTable(styled, [{name: 'a', count: 1}])[1]).toBe('<a   >  1')
})

test('on a narrow screen the wide column is cut, on a pipe nothing is', () => {
  const rows = [{name: 'abcdefghijklmnopqrstuvwxyz', count: 1}]
  expect(renderTable(columns, rows, {widthMax: 20})[1]).toBe('abcdefghijkl…      1')
  expect(renderTable(columns, rows)[1]).toContain('xyz')
})

test('columns that may go do so before anything is cut, the lowest number first', () => {
  const many: readonly Column<Row>[] = [
    ...columns,
    {header: 'SECOND', cell: () => 'x', dropsAs: 2},
    {header: 'FIRST', cell: () => 'y', dropsAs: 1},
  ]
  const rows = [{name: 'abcdefgh', count: 1}]
  const headers = (widthMax: number) => renderTable(many, rows, {widthMax})[0]?.split(/ +/)
  expect(headers(30)).toEqual(['NAME', 'COUNT', 'SECOND', 'FIRST'])
  expect(headers(29)).toEqual(['NAME', 'COUNT', 'SECOND'])
  expect(headers(20)).toEqual(['NAME', 'COUNT'])
})

test.each([
  ['\u001B[2Jgone', '\\x1b[2Jgone'],
  ['a\nb\tc\r\nd', 'a b c d'],
  ['\u009B1m', '\\x9b1m'],
  ['right\u202Eleft', 'right\\x202eleft'],
  ['žluťoučký 😀', 'žluťoučký 😀'],
])('%j is shown as %j', (text, shown) => {
  expect(printable(text)).toBe(shown)
})

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 4, 'abc…'],
  ['😀😀😀', 2, '😀…'],
  ['abc', 0, ''],
])('%j cut to %i is %j', (text, width, cut) => {
  expect(truncate(text, width)).toBe(cut)
})
