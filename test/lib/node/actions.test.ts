import {mkdtemp, rename, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest'
import {NODE_LIMITS} from '../../../src/lib/node/limits.js'
import type {ActionCall} from '../../../src/lib/node/action-api.js'
import {watchActionFolder} from '../../../src/lib/node/action-folder.js'
import {loadActionFile} from '../../../src/lib/node/action-loader.js'
import {ActionRegistry} from '../../../src/lib/node/action-registry.js'
import {silentLog} from '../../../src/lib/node/log.js'
import type {TargetJson} from '../../../src/lib/protocol/target.js'
import {AssertionFailed} from '../../../src/lib/util/assert.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {ClientBench} from '../../helpers/client-bench.js'
import {eventually} from '../../helpers/eventually.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-actions-'))
})

afterEach(async () => {
  await rm(folder, {recursive: true, force: true})
})

async function moduleFile(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
  return path
}

function on(...actions: string[]): string {
  const calls = actions.map((action) => `mesh.on('${action}', () => {})`)
  return `export default (mesh) => { ${calls.join(';')} }`
}

describe('one action in two files', () => {
  it('works, and a warning names both', async () => {
    const warn = vi.fn()
    const registry = new ActionRegistry()
    const log = {...silentLog, warn}
    const options = {registry, node: 'n-1', send: noSend, log}
    const one = await moduleFile('one.mjs', on('hello', 'bye', 'Client/authentication'))
    const two = await moduleFile('two.mjs', on('hello', 'Client/authentication'))
    await loadActionFile(one, options)
    expect(warn).not.toHaveBeenCalled()
    await loadActionFile(two, options)
    const fields = {action: 'hello', file: two, also: one}
    expect(warn.mock.calls).toEqual([[expect.stringContaining('both run'), fields]])
    expect(registry.handlersOf('hello')).toHaveLength(2)
  })
})

const never = new Promise<never>(() => {})
const noSend = (): Promise<never> => Promise.reject(new Error('No mesh here'))

describe('an action', () => {
  it('knows who asks, and answers on the connection that asked', async () => {
    let seen: Partial<ActionCall> = {}
    const bench = new ClientBench({
      handlers: {
        hello(call) {
          seen = call
          call.reply(['Hi', 1])
          call.reply()
        },
      },
    })
    const client = bench.connect('v1')
    await client.login('42', {groups: ['staff'], session: 's1'}, {language: 'en', user_agent: 'UA'})
    client.say({action: 'hello', details: 'one', id: 'q'})
    expect(client.socket.take()).toEqual([
      {action: 'hello', details: ['Hi', 1], re: 'q'},
      {action: 'hello', details: [], re: 'q'},
    ])
    expect(seen).toMatchObject({
      action: 'hello', details: ['one'], user: '42', groups: ['staff'], session: 's1',
      language: 'en', connection: {id: 'n-1-c1', userAgent: 'UA'},
    })
    seen.connection?.close()
    expect(client.socket.closed).toEqual({code: 4501, reason: 'kicked'})
    expect(seen.connection?.send('late')).toBe(false)
  })

  it.each([
    ['that nobody handles', 'unknown', [404, 'No such action: unknown']],
    ['whose handler throws', 'throws', [500, 'Internal error']],
    ['whose handler rejects', 'rejects', [500, 'Internal error']],
    ['whose handler hangs', 'hangs', [504, 'The answer takes too long']],
    ['that a handler refuses', 'refuses', [418, 'I am a teapot']],
    ['whose handler refuses wrongly', 'refusesWrongly', [500, 'Internal error']],
    ['whose answer is no JSON', 'cycles', [500, 'Internal error']],
    ['when the outbox is full', 'full', [503, 'Too busy: try again later']],
    ['when no receipt came', 'late', [504, 'Sent, but not confirmed in time']],
  ])('%s is answered', async (_name, action, details) => {
    const bench = new ClientBench({
      limits: {handlerTimeoutMs: 10},
      handlers: {
        throws() {
          throw new Error('the password is hunter2')
        },
        rejects: () => Promise.reject(new Error('the password is hunter2')),
        hangs: () => never,
        refuses: ({error}) => error(418, 'I am a teapot'),
        refusesWrongly: ({error}) => error(200, 'fine'),
        cycles({reply}) {
          const cycle: {self?: unknown} = {}
          cycle.self = cycle
          reply(cycle)
        },
        full: () => Promise.reject(new WsmeshError('OUTBOX_FULL', 'full')),
        late: () => Promise.reject(new WsmeshError('RECEIPT_TIMED_OUT', 'late')),
      },
    })
    const client = bench.connect()
    await client.login('42')
    client.say({action})
    await eventually(() => client.socket.texts.length > 0)
    expect(client.socket.take()).toEqual([{action: `${action}:error`, details}])
    if (['throws', 'rejects', 'cycles'].includes(action)) {
      expect(bench.logged).toMatchObject([{text: 'An action handler failed', fields: {action}}])
    }
  })

  it('may run so often at once for one connection, and no more', async () => {
    const ends: (() => void)[] = []
    const wait = (): Promise<void> => new Promise((resolve) => void ends.push(resolve))
    const bench = new ClientBench({handlers: {wait}})
    const client = bench.connect()
    await client.login('42')
    for (let n = 0; n <= NODE_LIMITS.handlersPerClient.default; n += 1) client.say({action: 'wait'})
    expect(client.socket.take()).toMatchObject([
      {action: 'wait:error', details: [429, expect.any(String)]},
    ])
    for (const end of ends) end()
    await eventually(() => {
      client.say({action: 'wait'})
      return client.socket.take().length === 0
    })
  })

  it('starts in the order of its frames', async () => {
    const order: unknown[] = []
    const send = (_action: string, details: unknown): Promise<never> => {
      order.push(details)
      return never
    }
    const target: TargetJson = {everyone: true}
    const say = (call: ActionCall): unknown => call.send('said', call.details, target)
    const bench = new ClientBench({send, handlers: {say}})
    const client = bench.connect()
    await client.login('42')
    for (let n = 0; n < 20; n += 1) client.say({action: 'say', details: [n]})
    expect(order.flat()).toEqual(Array.from({length: 20}, (_, n) => n))
  })

  it('does not hide a broken invariant', async () => {
    const bench = new ClientBench({
      handlers: {
        broken() {
          throw new AssertionFailed('a bug')
        },
      },
    })
    const client = bench.connect()
    await client.login('42')
    expect(() => client.say({action: 'broken'})).toThrow(AssertionFailed)
  })
})

function load(path: string, registry = new ActionRegistry()): Promise<void> {
  return loadActionFile(path, {registry, node: 'n-1', send: noSend})
}

describe('a module', () => {
  it('gives its handlers', async () => {
    const registry = new ActionRegistry()
    const text = `export default async (mesh) => {
      mesh.on('hello', () => mesh.node)
      mesh.on('hello', () => 2)
      mesh.on('Client/authentication', () => {})
    }`
    const path = await moduleFile('a.mjs', text)
    await load(path, registry)
    expect(registry.actions()).toEqual(['hello', 'Client/authentication'])
    expect(registry.handlersOf('hello')).toHaveLength(2)
  })

  it.each([
    ['no exports', 'const x = 1', 'has no exports, not a function as default export'],
    ['named exports', 'export const hello = () => {}', 'has exports named hello, not a function'],
    ['an object', 'export default {hello: () => {}}', 'has an object, not a function'],
    ['no handlers', 'export default () => {}', 'calls mesh.on for no action'],
    ['a handler that is none', "export default (m) => m.on('x', 42)", 'the handler is a number'],
    ['an action that is none', "export default (m) => m.on('', () => {})", 'The action is empty'],
    ['an action that never comes', "export default (m) => m.on('x:error', () => {})", 'never send'],
    ['a reserved action', "export default (m) => m.on('Client/x', () => {})", 'there are'],
    ['a syntax error', 'export default (', 'cannot be loaded'],
    ['an error at its start', 'export default () => { throw new Error() }', 'failed to start'],
  ])('with %s is refused with its name', async (_name, text, message) => {
    const path = await moduleFile('wrong.mjs', text)
    const error: unknown = await load(path).catch((error: unknown) => error)
    if (!(error instanceof WsmeshError)) throw new Error(`not refused: ${String(error)}`)
    expect(error.code).toBe('ACTIONS_INVALID')
    expect(error.message).toContain(path)
    expect(error.message).toContain(message)
  })

  it('that is not there is named', async () => {
    await expect(load(join(folder, 'none.mjs'))).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
    await expect(load(folder)).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
  })

  it('hello.mjs does what the article shows', async () => {
    const sent: unknown[][] = []
    const bench = new ClientBench({
      guests: 'allow',
      send: (...call) => {
        sent.push(call)
        return never
      },
    })
    await load('examples/actions/hello.mjs', bench.actions)
    const client = bench.connect()
    await client.login('42')
    client.say({action: 'hello', details: 'Hello, world!'})
    expect(sent).toEqual([['hello', ['Hello, world!'], {user: '42'}]])
    client.say({action: 'hello'})
    const refusal = {action: 'hello:error', details: [400, 'No hello message:(']}
    expect(client.socket.take()).toEqual([refusal])
    const guest = bench.connect()
    guest.say({action: 'Client/authentication'})
    guest.say({action: 'hello', details: 'Hi'})
    await eventually(() => guest.socket.texts.length === 2)
    expect(guest.socket.take()[1]).toEqual({action: 'hello', details: ['Hi']})
    expect(sent).toHaveLength(1)
  })
})

describe('a folder', () => {
  it('is followed: what is dropped, changed or removed counts at once', async () => {
    const registry = new ActionRegistry()
    await moduleFile('a.mjs', "export default (m) => m.on('first', () => 1)")
    const options = {registry, node: 'n-1', send: noSend}
    const watched = await watchActionFolder(folder, options, silentLog)
    try {
      expect(registry.actions()).toEqual(['first'])
      const path = await moduleFile('b.mjs', "export default (m) => m.on('second', () => 2)")
      await eventually(() => registry.actions().includes('second'))
      await moduleFile('b.mjs', "export default (m) => m.on('changed', () => 3)")
      await eventually(() => registry.actions().includes('changed'))
      expect(registry.actions()).toEqual(['first', 'changed'])
      await moduleFile('b.mjs', 'export default 42')
      await moduleFile('c.mjs', "export default (m) => m.on('third', () => 4)")
      await eventually(() => registry.actions().includes('third'))
      expect(registry.actions()).toEqual(['first', 'changed', 'third'])
      await rm(path)
      await eventually(() => !registry.actions().includes('changed'))
    } finally {
      watched.close()
    }
  })

  it('that cannot be read is named', async () => {
    const options = {registry: new ActionRegistry(), node: 'n-1', send: noSend}
    const watching = watchActionFolder(join(folder, 'none'), options, silentLog)
    await expect(watching).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
  })
})
