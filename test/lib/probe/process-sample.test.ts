import {execFile} from 'node:child_process'
import {rmSync, statSync} from 'node:fs'
import {dirname} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import type {HeapSnapshot, ProcessSample} from '../../../src/lib/protocol/soak-frame.js'
import {assertBuilt} from '../../helpers/built.js'

interface Told {
  readonly before: ProcessSample
  readonly full: ProcessSample
  readonly second: ProcessSample
  readonly after: ProcessSample
  readonly snapshot: HeapSnapshot
  readonly touched: readonly string[]
}

let told: Told
const script = new URL('../../helpers/probed-process.mjs', import.meta.url).pathname

beforeAll(async () => {
  assertBuilt('lib/probe')
  const {stdout} = await promisify(execFile)(process.execPath, [script], {maxBuffer: 2 ** 24})
  told = JSON.parse(stdout) as Told
})

afterAll(() => rmSync(dirname(told.snapshot.file), {recursive: true}))

describe('a sample of a process', () => {
  it('counts what lives, exactly, and what was let go no more', () => {
    const {before, full, after} = told
    expect(full.classes).toMatchObject({Fixture: 137, '{fixtureKey, fixtureOther}': 137})
    expect(after.classes).not.toHaveProperty('Fixture')
    expect(full.items.Map - after.items.Map).toBe(137)
    expect(full.objects - before.objects).toBeGreaterThanOrEqual(3 * 137)
    expect(before.gauges).toEqual({kept: {kind: 'exact', value: 0}})
    expect(full.gauges).toEqual({kept: {kind: 'exact', value: 137}})
  })

  it('counts the strings of a Set, which are no objects, and listeners by their event', () => {
    const {before, full} = told
    expect(full.items.Set - before.items.Set).toBe(5000 + 137)
    expect(full.listeners['Keeper news']).toBe(7)
  })

  it('finds the same again when nothing happened', () => {
    const {full, second} = told
    expect(second.classes['Fixture']).toBe(137)
    expect(second.items.Map).toBe(full.items.Map)
    expect(second.items.Set).toBe(full.items.Set)
  })

  it('runs no code of the program: neither getters nor traps', () => {
    expect(told.touched).toEqual([])
  })

  it('says what it cost', () => {
    const {cost} = told.full
    expect(cost.pauseMs).toBeGreaterThan(0)
    expect(cost.totalMs).toBeGreaterThanOrEqual(cost.pauseMs)
  })
})

describe('a heap snapshot', () => {
  it('says what holds objects', () => {
    const {holders, why} = told.snapshot
    expect(why).toBeNull()
    const [fixture, set, ...others] = holders
    expect(fixture).toMatchObject({class: 'Fixture', objects: 137, share: 1})
    expect(fixture?.path).toMatch(/Keeper\.kept → Map\[…\] → Set\[…\] → Fixture$/)
    expect(set).toMatchObject({class: 'largest Set', objects: 1})
    expect(others).toEqual([])
  })

  it('is a file for its owner alone', () => {
    const {file, bytes} = told.snapshot
    expect(statSync(file).size).toBe(bytes)
    expect(statSync(file).mode & 0o077).toBe(0)
    expect(statSync(dirname(file)).mode & 0o077).toBe(0)
  })
})
