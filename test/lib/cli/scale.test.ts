import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'
import {readCostFile} from '../../../src/lib/cli/scale/cost-file.js'
import {countWithin} from '../../../src/lib/cli/scale/count-flag.js'
import {runScale, scaleText} from '../../../src/lib/cli/scale/run-scale.js'
import {mixOf, nodesAsked} from '../../../src/lib/cli/scale/scale-flags.js'
import {lifeSize} from '../../../src/lib/cli/simulate-flags.js'

const FLAGS = {relay: 'master', tls: false} as const
const plain = {colours: new Chalk({level: 0}), widthMax: undefined, isCsv: false}

async function screen(changes: Partial<Parameters<typeof runScale>[0]>, options = plain) {
  const result = await runScale({...FLAGS, ...changes}, '1.2.3')
  return {result, lines: scaleText(result, options).split('\n')}
}

describe('what is asked', () => {
  test.each([
    ['250', 250], ['1.5k', 1500], ['10M', 10_000_000], ['0.5M', 500_000],
  ])('%s is %d', (text, value) => {
    expect(countWithin(text, '--users', {least: 1, most: 1e9})).toBe(value)
  })

  test.each([
    ['', 'is no whole number'], ['many', 'is no whole number'], ['1.5', 'is no whole number'],
    ['-3', 'is no whole number'], ['1e9', 'is no whole number'], ['5K', 'is no whole number'],
    ['0', 'is out of range'], ['2000M', 'is out of range'],
  ])('--users %j is refused', (text, why) => {
    expect(() => countWithin(text, '--users', {least: 1, most: 1e9})).toThrow(why)
  })

  test.each([
    ['20', {from: 20, to: 20}], ['10..1000', {from: 10, to: 1000}], ['1..10k', {from: 1, to: 10_000}],
  ])('--nodes %s', (text, range) => {
    expect(nodesAsked(text)).toEqual(range)
  })

  test.each([
    ['1000..10', 'is no range'], ['1..5..9', 'is no range'], ['10..', 'is no whole number'],
    ['..10', 'is no whole number'], ['0..10', 'is out of range'], ['10-20', 'is no whole number'],
    ['10001', 'is out of range'],
  ])('--nodes %s is refused', (text, why) => {
    expect(() => nodesAsked(text)).toThrow(why)
  })

  test('a life is of one number of nodes', () => {
    expect(lifeSize({})).toEqual({nodes: 5, rate: 5})
    expect(() => lifeSize({nodes: '10..1000'})).toThrow('one life is of one number of nodes')
    expect(() => lifeSize({nodes: '201'})).toThrow('is out of range')
    expect(() => lifeSize({rate: 0.5})).toThrow('--rate "0.5" is no whole number')
  })

  test('a mix is of percents that come to 100', () => {
    expect(mixOf('user=90,group=9.5,everyone=0.5')).toEqual({user: 0.9, group: 0.095, everyone: 0.005})
    expect(mixOf('everyone=100')).toEqual({user: 0, group: 0, everyone: 1})
  })

  test.each([
    ['', 'there is no kind ""'], ['users=100', 'there is no kind "users"'],
    ['user=90', 'it comes to 90, not 100'], ['user=90,group=20', 'it comes to 110, not 100'],
    ['user', '"user" has no percent'], ['user=x', '"user=x" has no percent'],
    ['user=-1,group=101', '"user=-1" has no percent'], ['user=50,user=50', 'user comes twice'],
  ])('--mix %j is refused', (text, why) => {
    expect(() => mixOf(text)).toThrow(why)
  })

  test('a file of costs that is none says what is wrong', async () => {
    await expect(readCostFile('/nowhere/costs.json')).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
    await expect(readCostFile(import.meta.filename)).rejects.toMatchObject({
      code: 'CONFIG_INVALID', message: expect.stringContaining('it is no JSON object'),
      suggestions: [expect.stringContaining('bench/scale.mjs')],
    })
  })
})

function header(lines: readonly string[]): string {
  return lines.find((line) => line.includes('NODES  ')) ?? ''
}

describe('the screen', () => {
  test('of many sizes says which fit, where each relay ends, and a line for each', async () => {
    const {result, lines} = await screen({nodes: '10..1000', rate: 500})
    expect(result).toMatchObject({exit: 0, fits: true})
    expect(lines[0]).toMatch(/^FITS 10 to [\d ]+ nodes with a master: 100 000 users with 130 000 connect/)
    expect(lines[1]).toMatch(/^ {2}the master relay: from \d+ nodes \(fewer: a node's --max-clients\), /)
    expect(lines[1]).toMatch(/ends at [\d ]+ nodes \(more: /)
    expect(lines[2]).toMatch(/^ {2}NATS: from \d+ nodes/)
    const rows = lines.filter((line) => /^ *\d+ +f(its|ull) /.test(line))
    expect(rows).toHaveLength(9)
  })

  test('of one size has each part, the fullest first', async () => {
    const {lines, result} = await screen({nodes: '20'})
    expect(lines[0]).toMatch(/^FITS 20 nodes with a master: /)
    const [size] = result.sizes
    const loads = size?.parts.map(({load}) => load) ?? []
    expect(loads).toEqual(loads.toSorted((a, b) => b - a))
    const head = lines.findIndex((line) => line.startsWith('PART'))
    expect(lines.slice(head + 1, head + 1 + loads.length).map((line) => line.split(' ')[0]))
      .toEqual(size?.parts.map(({name}) => name))
  })

  test('what does not fit is FULL, says what to do, and has a status of its own', async () => {
    const {result, lines} = await screen({nodes: '2', users: 1_000_000})
    expect(result).toMatchObject({exit: 99, fits: false})
    expect(lines[0]).toMatch(/^FULL 2 nodes with a master: 1 000 000 users/)
    expect(lines.find((line) => line.startsWith('try: '))).toContain('more nodes')
  })

  test('users that share subjects of NATS are told of more', async () => {
    const {lines} = await screen({relay: 'nats', nodes: '200', users: 5_000_000})
    expect(lines.filter((line) => line.startsWith('try: '))).toEqual([
      expect.stringMatching(/--slots 1048576 .*a message for one reaches \d+ nodes$/),
    ])
    const enough = await screen({relay: 'nats', nodes: '200', users: 5_000_000, slots: 1_048_576})
    expect(enough.lines.join()).not.toContain('--slots')
  })

  test('a narrow terminal has fewer columns, and no line that is cut', async () => {
    const wide = await screen({nodes: '10..1000'})
    const narrow = await screen({nodes: '10..1000'}, {...plain, widthMax: 60} as never)
    expect(header(narrow.lines).length).toBeLessThanOrEqual(60)
    expect(header(wide.lines).length).toBeGreaterThan(60)
  })

  test('CSV has a line for each size and as many cells in each', async () => {
    const {lines} = await screen({relay: 'nats', nodes: '10..100'}, {...plain, isCsv: true})
    expect(lines[0]).toMatch(/^nodes,fits,clients_per_node,messages_per_s_max,full_at_most,load_/)
    expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1)
    expect(lines).toHaveLength(6)
  })
})
