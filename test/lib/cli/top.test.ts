import {EventEmitter} from 'node:events'
import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import {clip} from '../../../src/lib/cli/top/clip.js'
import {FullScreen} from '../../../src/lib/cli/top/full-screen.js'
import {pressKey, type TopState} from '../../../src/lib/cli/top/top-keys.js'
import {topLines, topScreen} from '../../../src/lib/cli/top/top-screen.js'
import {sorted, topJson, TOP_SORTS, type TopJson} from '../../../src/lib/cli/top/top-view.js'
import type {StatsSurvey} from '../../../src/lib/operator/ask-stats.js'
import type {SurveyedNode} from '../../../src/lib/operator/pool-survey.js'
import type {NodeStats} from '../../../src/lib/protocol/operator-frame.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const plain = new Chalk({level: 0})
const colourful = new Chalk({level: 1})

const latency = {messages: 9, p50Ms: 1, p90Ms: 2, p99Ms: 3.25, maxMs: 4}
const none = {messages: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0}

function surveyed(id: string, more: Partial<NodeStats> = {}): SurveyedNode {
  const link = {node: nodeId('n9'), rttMs: 1, lagMessages: 4, silentMs: 1, queueBytes: 0}
  const stats: NodeStats = {
    node: nodeId(id), version: '1', pid: 1, role: 'follower', term: 3, epoch: 'e', master: null,
    position: '', uptimeS: 61, rssBytes: 2 ** 20, heapBytes: 1, loopDelayMs: 2, connections: 5,
    users: 2, guests: 0, operators: 0, links: 1, timers: 0, queueBytes: 7, outboxMessages: 0,
    historyMessages: 0, historyBytes: 0, view: [], inPerS: 1, outPerS: 2,
    counters: {slowConsumers: 3},
    meter: {
      isDraining: false, cpuShare: 0.5, leaseAgeMs: 0,
      latency: {relay: latency, delivery: latency, receipt: none},
      links: [link, {...link, lagMessages: 11}],
    },
    ...more,
  }
  return {known: undefined, id, url: `ws://${id}/mesh`, state: 'up', stats, rttMs: 1.5, why: undefined}
}

const gone: SurveyedNode = {
  known: undefined, id: 'n3', url: 'ws://n3/mesh', state: 'stale', stats: undefined, rttMs: undefined,
  why: 'nothing listens there',
}

function topOf(nodes: readonly SurveyedNode[], before?: TopJson): TopJson {
  const survey: StatsSurvey = {nodes, holder: undefined, leaseTerm: 3, warnings: [], silent: []}
  return topJson(survey, before, 5)
}

const top = topOf([surveyed('n1', {role: 'master'}), surveyed('n2', {connections: 50}), gone])
const state: TopState = {sort: 'pool', isReversed: false, isPaused: false, isHelp: false, intervalMs: 1000}
function sized(width: number, height: number) {
  return {colours: plain, width, height, widthMax: width, title: 'wsmesh top', time: '12:00:00'}
}

describe('the numbers', () => {
  test('are those of the node, the slowest of its links, and none where nothing was measured', () => {
    expect(top.nodes[0]).toMatchObject({
      id: 'n1', role: 'master', deliveryP99Ms: 3.25, receiptP99Ms: null, lagMessages: 11,
      slowConsumers: 3, slowConsumersNew: null, cpuShare: 0.5,
    })
    expect(top.nodes[2]).toMatchObject({id: 'n3', clients: null, deliveryP99Ms: null, lagMessages: null})
  })

  test('slow consumers of this round are told apart, also of a node that began anew', () => {
    const more = topOf([surveyed('n1', {counters: {slowConsumers: 5}})], top)
    expect(more.nodes[0]?.slowConsumersNew).toBe(2)
    expect(topOf([surveyed('n1', {counters: {slowConsumers: 1}})], more).nodes[0]?.slowConsumersNew).toBe(0)
    expect(topLines(more, state, {colours: plain, widthMax: undefined}).join('\n')).toMatch(/ 5\+2 /)
  })

  test('a node of an earlier version has what it knows', () => {
    const {meter: _, ...old} = surveyed('n1').stats ?? {}
    const [node] = topOf([{...surveyed('n1'), stats: old as NodeStats}]).nodes
    expect(node).toMatchObject({clients: 5, cpuShare: null, deliveryP99Ms: null, lagMessages: null})
  })
})

describe('the order', () => {
  test('the most first, reversed the least, what is not known last', () => {
    const [most, least] = [false, true].map((isReversed) => sorted(top.nodes, 'clients', isReversed))
    expect(most?.map(({id}) => id)).toEqual(['n2', 'n1', 'n3'])
    expect(least?.map(({id}) => id)).toEqual(['n1', 'n2', 'n3'])
  })

  test.each(TOP_SORTS)('by %s loses no node', (sort) => {
    expect(sorted(top.nodes, sort, false)).toHaveLength(3)
  })
})

describe('keys', () => {
  test.each(['q', '\u0003', '\u0004'])('%j quits', (key) => {
    expect(pressKey(state, key).effect).toBe('quit')
  })

  test('s and S go round, r turns, p pauses, + and - keep within bounds', () => {
    expect(pressKey(state, 's').state.sort).toBe('clients')
    expect(pressKey(state, 'S').state.sort).toBe('lag')
    expect(pressKey(pressKey(state, 'r').state, 'r').state).toEqual(state)
    expect(pressKey(state, ' ').state.isPaused).toBe(true)
    expect(pressKey({...state, intervalMs: 300}, '+').state.intervalMs).toBe(200)
    expect(pressKey({...state, intervalMs: 50_000}, '-').state.intervalMs).toBe(60_000)
  })

  test('any key leaves the help, and others do nothing', () => {
    const help = pressKey(state, '?').state
    expect(help.isHelp).toBe(true)
    expect(pressKey(help, 'x')).toEqual({state, effect: 'redraw'})
    expect(pressKey(state, 'x')).toEqual({state, effect: 'none'})
    expect(pressKey(state, '\u001A').effect).toBe('suspend')
  })
})

describe('the screen', () => {
  test.each([[200, 30], [80, 24], [34, 8], [5, 3], [1, 1]])('%i by %i is kept to', (width, height) => {
    for (const isHelp of [false, true]) {
      const lines = topScreen(top, 'Error: no\n  why: so', {...state, isHelp}, sized(width, height))
      expect(lines).toHaveLength(height)
      expect(lines.filter((line) => line.length > width)).toEqual([])
    }
  })

  test('what does not fit is counted', () => {
    const many = topOf(Array.from({length: 40}, (_, index) => surveyed(`n${index}`)))
    const lines = topScreen(many, undefined, state, sized(120, 12))
    expect(lines.some((line) => /^… \d+ more lines$/.test(line))).toBe(true)
  })

  test('a failure stands above the numbers before it', () => {
    const text = topScreen(top, 'Error: the pool is silent', state, sized(120, 24)).join('\n')
    expect(text.indexOf('the pool is silent')).toBeLessThan(text.indexOf('n1'))
    expect(text).toContain('warning: n3 is in the pool, but it is gone: nothing listens there')
    expect(text).toContain('3 nodes, 2 up; master n1, term 3; 55 clients; in 2/s; out 4/s')
  })

  test('an empty pool says what to do', () => {
    expect(topLines(topOf([]), state, {colours: plain, widthMax: 80})[0]).toBe(
      'The pool is empty: no node is running.')
  })

  test('what is cut leaves no colour behind', () => {
    expect(clip(colourful.red('abcdef'), 3)).toBe(colourful.red('abc'))
    expect(clip(`ab${colourful.bold('cd')}ef`, 5)).toBe(`ab${colourful.bold('cd')}e`)
    expect(clip('a🙂b', 2)).toBe('a🙂')
  })
})

function fake() {
  const written: string[] = []
  const raw: boolean[] = []
  const stdin = Object.assign(new EventEmitter(), {
    setRawMode: (isRaw: boolean) => raw.push(isRaw), resume() {}, pause() {},
  })
  const stdout = Object.assign(new EventEmitter(), {
    columns: 0, rows: 0, write: (text: string) => written.push(text),
  })
  return {written, raw, stdin: stdin as never, stdout: stdout as never, keys: stdin}
}

describe('the terminal', () => {
  const LEFT = '\u001B[?25h\u001B[?1049l'

  test('is given back when it ends, once', () => {
    const terminal = fake()
    const keys: string[] = []
    {
      using screen = new FullScreen(terminal, (key) => keys.push(key), () => {})
      terminal.keys.emit('data', Buffer.from('sq'))
      expect(screen.size).toEqual({width: 80, height: 24})
      screen.draw(['a', 'b'])
    }
    expect(keys).toEqual(['s', 'q'])
    expect(terminal.raw).toEqual([true, false])
    expect(terminal.written.at(-1)).toBe(LEFT)
    expect(terminal.written.filter((text) => text === LEFT)).toHaveLength(1)
    expect(terminal.keys.listenerCount('data')).toBe(0)
  })

  test.each(['exit', 'uncaughtException'] as const)('is given back at %s', (event) => {
    const terminal = fake()
    const before = process.listeners(event as 'exit')
    using screen = new FullScreen(terminal, () => {}, () => {})
    const added = process.listeners(event as 'exit').filter((listener) => !before.includes(listener))
    expect(added).toHaveLength(1)
    added[0]?.(0)
    expect(terminal.written.at(-1)).toBe(LEFT)
    screen.draw(['nothing any more'])
    expect(terminal.written.at(-1)).toBe(LEFT)
  })
})
