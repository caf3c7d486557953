import {expect, test, vi} from 'vitest'

import {Acts, type ActsOptions} from '../../../src/lib/admin/acts.js'
import {EventBook} from '../../../src/lib/admin/event-book.js'
import {HistoryBook} from '../../../src/lib/admin/history.js'
import {PageSession} from '../../../src/lib/admin/page-session.js'
import {asksOf} from '../../../src/lib/admin/requests.js'
import type {SiegeRunner} from '../../../src/lib/admin/siege-runner.js'
import type {Role, ServerMessage} from '../../../src/lib/admin/wire.js'
import {eventually} from '../../helpers/eventually.js'
import {FakeSocket} from '../../helpers/fake-socket.js'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'
import {row, snapshotOf} from './rows.js'

function openPage(role: Role = 'operator', change: Partial<ActsOptions> = {}) {
  const socket = new FakeSocket()
  const events = new EventBook()
  const last = snapshotOf([row('n1', {role: 'master'}), row('n2', {state: 'stale'})])
  const acted: string[] = []
  const notices: string[] = []
  const acts = new Acts({
    reach: {'pool-prefix': 'wsmesh_', timeout: 100, 'data-dir': '/nonexistent/wsmesh'},
    eye: {connections: () => []},
    watch: {events, history: new HistoryBook(), last, stir() {}},
    locals: {
      start: () => Promise.reject(new TypeError('a bug')), list: async () => [], async reload() {},
    },
    siege: {} as SiegeRunner,
    actOnNode: async (_access, node, act) => {
      acted.push(`${act} ${node}`)
      return 'done'
    },
    wallClock: () => 0,
    notice: (line) => notices.push(line),
    ...change,
  })
  const page = new PageSession({
    socket,
    visitor: {role, label: `${role} 1`},
    acts,
    hello: {
      type: 'hello', role, may: asksOf(role), acts: [], version: '1', pool: 'p', host: 'h', command: 'wsmesh',
      commandFlags: '', serve: 'serve',
    },
    last: () => last,
    eventsAfter: (seq) => events.after(seq),
    pages: () => 1,
    onClose: () => acted.push('closed'),
    notice: (line) => notices.push(line),
  })
  const messages = (): ServerMessage[] => socket.texts.map((text) => JSON.parse(text) as ServerMessage)
  let lastId = 0
  const ask = async (question: object) => {
    lastId += 1
    const id = lastId
    page.onMessage(Buffer.from(JSON.stringify({id, ...question})))
    return eventually(() =>
      messages().find((message) => message.type === 'answer' && message.id === id))
  }
  return {page, socket, events, last, acted, notices, messages, ask}
}

test('a page is told who it is and how things are, and of events only what is new', () => {
  const {page, last, events, messages} = openPage()
  events.add(0, 'joined', 'good', 'n1', 'n1 joined')
  page.tell(JSON.stringify(last))
  page.tell(JSON.stringify(last))
  const [hello, ...snapshots] = messages()
  expect(hello).toMatchObject({type: 'hello', role: 'operator'})
  expect(snapshots.map((message) => message.type === 'snapshot' && message.events.length))
    .toEqual([0, 1, 0])
  expect(snapshots[0]).toEqual({...last, events: [], pages: 1})
})

test('a page that is hidden, or does not read, is sent no snapshot, and all events afterwards', async () => {
  const {page, socket, last, events, messages, ask} = openPage()
  const count = () => messages().filter(({type}) => type === 'snapshot').length
  await ask({ask: 'look', isOn: false})
  events.add(0, 'joined', 'good', 'n1', 'n1 joined')
  page.tell(JSON.stringify(last))
  expect(count()).toBe(1)
  await ask({ask: 'look', isOn: true})
  expect(count()).toBe(2)
  expect(messages().findLast(({type}) => type === 'snapshot')).toMatchObject({
    events: [{text: 'n1 joined'}],
  })
  socket.stuckBytes = 2_000_000
  page.tell(JSON.stringify(last))
  expect(count()).toBe(2)
})

test('a viewer may do nothing, whatever he asks for', async () => {
  const {ask, acted} = openPage('viewer')
  for (const question of [
    {ask: 'act', node: 'n1', act: 'drain', name: ''}, {ask: 'start'}, {ask: 'end-siege'},
    {ask: 'kick', by: 'user', value: '42', reason: ''}, {ask: 'remove', node: 'n2'},
    {ask: 'trace', user: '42'}, {ask: 'siege', connections: 1, rate: 1, timeS: 2},
    {ask: 'send', action: 'a', details: '', target: 'everyone', value: ''},
  ]) {
    expect(await ask(question)).toMatchObject({ok: false, error: {code: 'NOT_ALLOWED'}})
  }
  expect(acted).toEqual([])
})

test('the master is stopped under its name alone, and what was done is written down', async () => {
  const {ask, acted, events, notices} = openPage()
  const stop = {ask: 'act', node: 'n1', act: 'stop'}
  expect(await ask({...stop, name: 'n2'})).toMatchObject({ok: false, error: {code: 'USAGE'}})
  expect(acted).toEqual([])
  expect(await ask({...stop, name: 'n1'})).toMatchObject({ok: true, result: {text: 'done'}})
  expect(acted).toEqual(['stop n1'])
  expect(events.after(0).map(({text}) => text)).toEqual(['operator 1: stop n1'])
  expect(notices).toEqual(['admin: operator 1: stop n1'])
})

test('of what takes long the events say how it ended', async () => {
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']})
  const {promise, reject} = withResolvers<string>()
  const {page, messages, events} = openPage('operator', {actOnNode: () => promise})
  page.onMessage(Buffer.from('{"id":1,"ask":"act","node":"n2","act":"drain","name":""}'))
  await vi.advanceTimersByTimeAsync(10_000)
  vi.useRealTimers()
  expect(messages().at(-1)).toMatchObject({ok: true, result: {text: expect.stringMatching('begun')}})
  reject(new Error('it went away'))
  await eventually(() => events.after(0).length === 2)
  expect(events.after(1)).toMatchObject([{tone: 'bad', text: 'drain n2: it went away'}])
})

test('only rows of the dead are removed', async () => {
  const {ask} = openPage()
  for (const node of ['n1', 'n3', '../n2']) {
    expect(await ask({ask: 'remove', node})).toMatchObject({ok: false, error: {code: 'NOT_ALLOWED'}})
  }
})

test.each([
  [{ask: 'kick', by: 'user', value: '', reason: ''}, 'TARGET_INVALID'],
  [{ask: 'send', action: 'a', details: '{', target: 'everyone', value: ''}, 'DETAILS_INVALID'],
  [{ask: 'send', action: 'a', details: '', target: 'user', value: ' , '}, 'TARGET_INVALID'],
  [{ask: 'send', action: '', details: '', target: 'everyone', value: ''}, /ACTION|INVALID|USAGE/],
  [{ask: 'history', node: 'n1', span: '1y'}, 'REQUEST_INVALID'],
])('%j is answered with what is wrong', async (question, code) => {
  const answer = await openPage().ask(question)
  expect(answer).toMatchObject({ok: false, error: {code: expect.stringMatching(code)}})
})

test('a bug of ours is an answer, and a line with where it happened', async () => {
  const {ask, notices} = openPage()
  expect(await ask({ask: 'start'})).toMatchObject({ok: false, error: {code: 'BUG'}})
  expect(notices.join('\n')).toMatch(/a bug in start: TypeError: a bug\n.*at /)
})

test('what is no question at all ends the connection', () => {
  const {page, socket} = openPage()
  page.onMessage(Buffer.from('{"ask":'))
  expect(socket.closed).toMatchObject({code: 1008})
})
