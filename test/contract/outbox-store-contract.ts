/** What every store of an outbox must do: each adapter's test runs this suite over itself. */
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {OutboxRow, OutboxStore} from '../../src/lib/pool/outbox/outbox-store.js'
import {BATCH_BYTES} from '../../src/lib/pool/outbox/outbox-store.js'

export interface OutboxUnderTest {
  /** Another handle to the same tables, as another process would have. Not initialised. */
  open(): Promise<OutboxStore>
  /** As the application: its table is `t_outbox`, in quotes or not. */
  exec(sql: string): Promise<void>
  dispose(): Promise<void>
}

export function textOf({details}: OutboxRow): string | undefined {
  return details.type === 'text' ? details.text : undefined
}

export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(() => 'done', (error: {code?: unknown}) => error.code ?? error)
}

export function runOutboxStoreContract(name: string, setup: () => Promise<OutboxUnderTest>): void {
  describe(`outbox store contract: ${name}`, () => {
    let app: OutboxUnderTest
    let store: OutboxStore

    beforeEach(async () => {
      app = await setup()
      store = await app.open()
    })

    afterEach(async () => {
      await app.dispose()
    })

    const insert = async (...details: string[]): Promise<void> => {
      const rows = details.map((text) => `('hello', '${text}', '{"everyone":true}')`)
      await app.exec(`INSERT INTO t_outbox (action, details, target) VALUES ${rows.join()}`)
    }
    const texts = async (rowsMax = 100): Promise<unknown[]> =>
      (await store.read(rowsMax)).map(textOf)

    test('a table that was never made is missing, and reading does not make it', async () => {
      expect(await store.exists()).toBe(false)
      expect(await codeOf(store.read(1))).toBe('OUTBOX_MISSING')
      expect(await codeOf(store.counts())).toBe('OUTBOX_MISSING')
      expect(await codeOf(store.remove([{id: '1', createdUs: 1}]))).toBe('OUTBOX_MISSING')
      expect(await store.exists()).toBe(false)
    })

    test('is made once, by whichever node comes first', async () => {
      const other = await app.open()
      const {made} = await store.init()
      expect(made).toEqual(expect.arrayContaining(['t_outbox', 't_outbox_aside']))
      expect(await other.init()).toEqual({made: [], procedureFailure: undefined})
      expect(await other.exists()).toBe(true)
      expect(await other.read(10)).toEqual([])
    })

    describe('with its tables', () => {
      test('has what is inserted, as it is, in its order', async () => {
        const target = '{"everyone":true}'
        await store.insert([
          {action: 'a', details: "[\"it's \u{1f4a5}\"]", target}, {action: 'b', details: '7', target},
        ])
        await store.insert([])
        expect((await store.read(10)).map(({action, details}) => [action, details])).toEqual([
          ['a', {type: 'text', text: "[\"it's \u{1f4a5}\"]"}], ['b', {type: 'text', text: '7'}],
        ])
      })

      beforeEach(async () => {
        await store.init()
      })

      test('reads rows from the lowest id on, again and again until they are removed', async () => {
        await insert('[1]', '[2]', '[3]')
        expect(await texts(2)).toEqual(['[1]', '[2]'])
        expect(await texts()).toEqual(['[1]', '[2]', '[3]'])
        const [first, second] = await store.read(2)
        expect(await store.remove([first, second].filter((row) => row !== undefined))).toBe(2)
        expect(await texts()).toEqual(['[3]'])
      })

      test('names a row alike at each read, and two rows differently', async () => {
        await insert('[1]', '[2]')
        const [one, two] = await store.read(10)
        const again = (await store.read(10))[0]
        expect(again).toEqual(one)
        expect(one?.id).not.toBe(two?.id)
        expect(Math.abs((one?.createdUs ?? 0) / 1000 - Date.now())).toBeLessThan(60_000)
      })

      test('gives texts as they were written', async () => {
        await app.exec(`INSERT INTO t_outbox (action, details, target) VALUES
          ('grüße/😀', '["😀 ß"]', '{"user":"ß"}'), (NULL, NULL, NULL), ('', '', '')`)
        const rows = await store.read(10)
        expect(rows.map(({action}) => action)).toEqual(['grüße/😀', null, ''])
        expect(rows.map(({details}) => details)).toEqual([
          {type: 'text', text: '["😀 ß"]'}, {type: 'null'}, {type: 'text', text: ''},
        ])
        expect(rows[0]?.target).toEqual({type: 'text', text: '{"user":"ß"}'})
      })

      test('reads traces where it is asked to, and of what is too long the beginning', async () => {
        expect(await store.hasTraces()).toBe(true)
        await app.exec(`INSERT INTO t_outbox (action, traceparent, tracestate) VALUES
          ('a', '00-1', 'rojo=1'), ('b', '00-2', NULL), ('c', NULL, 'rojo=1'),
          ('d', '00-3', '${'x'.repeat(600)}')`)
        const rows = await store.read(10, {withTraces: true})
        expect(rows.map(({trace}) => trace)).toEqual([
          {traceparent: '00-1', tracestate: 'rojo=1'}, {traceparent: '00-2', tracestate: null},
          undefined, {traceparent: '00-3', tracestate: 'x'.repeat(513)},
        ])
        expect((await store.read(10)).filter((row) => 'trace' in row)).toEqual([])
      })

      test('goes on with a table from before there were traces', async () => {
        await app.exec('ALTER TABLE t_outbox DROP COLUMN tracestate')
        expect(await store.hasTraces()).toBe(false)
        await insert('[1]')
        expect(await texts()).toEqual(['[1]'])
        await app.exec('ALTER TABLE t_outbox ADD COLUMN tracestate TEXT')
        expect(await store.hasTraces()).toBe(true)
      })

      test('reads long texts, and of those that no message can hold only how long', async () => {
        const long = `["${'x'.repeat(300_000)}"]`
        const tooLong = `["${'x'.repeat(1024 * 1024)}"]`
        await insert('[1]', long, tooLong, '[4]')
        const rows = await store.read(10)
        expect(rows.map(({details}) => details.type)).toEqual(['text', 'text', 'too-big', 'text'])
        expect(rows[1]?.details).toEqual({type: 'text', text: long})
        expect(rows[2]?.details).toEqual({type: 'too-big', bytes: tooLong.length})
      })

      test('reads no more at once than a batch may hold, and one row at least', async () => {
        const large = `["${'x'.repeat(1_000_000)}"]`
        for (let n = 0; n < 6; n += 1) await insert(large)
        const rows = await store.read(100)
        expect(rows).toHaveLength(Math.floor(BATCH_BYTES / large.length))
      })

      test('removes what is named, once; what is gone is no failure', async () => {
        await insert('[1]', '[2]')
        const rows = await store.read(1)
        expect(await store.remove(rows)).toBe(1)
        expect(await store.remove(rows)).toBe(0)
        expect(await store.remove([])).toBe(0)
        expect(await texts()).toEqual(['[2]'])
      })

      test('finds those that are still there', async () => {
        await insert('[1]', '[2]', '[3]')
        const keys = (await store.read(10)).map(({id, createdUs}) => ({id, createdUs}))
        await store.remove(keys.slice(0, 1))
        expect(await store.find(keys)).toEqual(keys.slice(1))
        expect(await store.find(keys.slice(1).map((key) => ({...key, createdUs: 1})))).toEqual([])
        expect(await store.find([])).toEqual([])
      })

      test('does not take a later row of the same id for one that it was told to remove', async () => {
        await insert('[1]')
        const [row] = await store.read(1)
        if (!row) throw new Error('no row')
        const before = {id: row.id, createdUs: row.createdUs - 1}
        expect(await store.remove([before])).toBe(0)
        expect(await store.setAside([{...before, reason: 'no'}])).toBe(0)
        expect(await texts()).toEqual(['[1]'])
      })

      test('sets rows aside with the reason, and nothing else changes', async () => {
        await insert('[1]', 'x', '[3]')
        const [, bad] = await store.read(10)
        if (!bad) throw new Error('no row')
        expect(await store.setAside([{...bad, reason: 'no JSON: "ß"'}])).toBe(1)
        expect(await store.setAside([{...bad, reason: 'again'}])).toBe(0)
        expect(await texts()).toEqual(['[1]', '[3]'])
        expect(await store.aside(10)).toMatchObject([
          {rowId: bad.id, action: 'hello', details: 'x', target: '{"everyone":true}', reason: 'no JSON: "ß"'},
        ])
      })

      test('puts rows back as new ones, at the end', async () => {
        await insert('a', 'b')
        const rows = await store.read(10)
        await store.setAside(rows.map((row) => ({...row, reason: 'bad'})))
        await insert('[3]')
        const [first] = await store.aside(1)
        expect(await store.retry([first?.id ?? ''])).toBe(1)
        expect(await store.retry([first?.id ?? ''])).toBe(0)
        expect(await texts()).toEqual(['[3]', 'a'])
        const [, again] = await store.read(10)
        expect(Number(again?.id)).toBeGreaterThan(Number(rows[1]?.id))
        expect(await store.aside(10)).toMatchObject([{details: 'b'}])
      })

      test('puts thousands back', async () => {
        const many = Array.from({length: 500}, (_, n) => `${n}`)
        for (let n = 0; n < 5; n += 1) await insert(...many)
        const rows = await store.read(10_000)
        await store.setAside(rows.map((row) => ({...row, reason: 'bad'})))
        expect(await store.counts()).toEqual({waiting: 0, aside: 2500, oldestMs: undefined})
        expect(await store.retry('all')).toBe(2500)
        expect(await store.counts()).toMatchObject({waiting: 2500, aside: 0})
        expect((await texts(10_000)).slice(0, 501)).toEqual([...many, '0'])
      })

      test('counts rows and says how old the first is', async () => {
        expect(await store.counts()).toEqual({waiting: 0, aside: 0, oldestMs: undefined})
        await insert('[1]', '[2]')
        const {waiting, oldestMs = -1} = await store.counts()
        expect(waiting).toBe(2)
        expect(oldestMs).toBeGreaterThanOrEqual(0)
        expect(oldestMs).toBeLessThan(60_000)
      })

      test('shows what waits, by its beginning', async () => {
        await insert(`["${'x'.repeat(1000)}"]`, '[2]')
        const [first, ...others] = await store.waiting(1)
        expect(others).toEqual([])
        expect(first).toMatchObject({action: 'hello', target: '{"everyone":true}'})
        expect(first?.details).toHaveLength(200)
      })

      test('two that set the same rows aside at once do so once', async () => {
        await insert('a', 'b', 'c')
        const other = await app.open()
        const rows = (await store.read(10)).map((row) => ({...row, reason: 'bad'}))
        await Promise.allSettled([store.setAside(rows), other.setAside(rows)])
        await store.setAside(rows)
        expect((await store.aside(10)).map(({details}) => details)).toEqual(['a', 'b', 'c'])
        expect(await texts()).toEqual([])
      })

      test('once closed it rejects', async () => {
        await store.close()
        expect(await codeOf(store.read(1))).toBe('OUTBOX_UNREACHABLE')
      })
    })
  })
}
