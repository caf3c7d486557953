/** Tabs that share a connection, as far as it needs no browser: see test/browser/tabs.test.ts. */
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi} from 'vitest'
import {ClientMesh, type Watched} from '../../helpers/client-mesh.js'
import {eventually} from '../../helpers/eventually.js'

/** One holder at a time, the others in their order; it is what the library needs of Web Locks. */
class Locks {
  readonly #last = new Map<string, Promise<void>>()

  request(of: string, {signal}: {signal: AbortSignal}, hold: () => Promise<void>): Promise<void> {
    const before = this.#last.get(of) ?? Promise.resolve()
    const mine = before.then(() => (signal.aborted ? undefined : hold()))
    this.#last.set(of, mine)
    return mine
  }
}

let at: ClientMesh
let name = 0

beforeAll(async () => {
  at = await ClientMesh.open(1)
})
afterAll(() => at[Symbol.asyncDispose]())
beforeEach(() => {
  name += 1
  vi.stubGlobal('navigator', {locks: new Locks()})
})
afterEach(() => vi.unstubAllGlobals())

const connections = (): number => at.nodes[0]?.stats().connections ?? 0

function join(position?: string): Promise<Watched> {
  return at.open({shared: `user ${name}`, position})
}

async function closeAll(tabs: readonly Watched[]): Promise<void> {
  for (const {mesh} of tabs) mesh.close()
  await eventually(() => connections() === 0)
}

describe('tabs that share', () => {
  it('have one connection; those of another user, or where there are no locks, their own', async () => {
    const tabs = [await join(), await join()]
    name += 1
    tabs.push(await join())
    expect(connections()).toBe(2)
    vi.stubGlobal('navigator', {})
    tabs.push(await at.open({shared: true}), await at.open({shared: true}))
    expect(connections()).toBe(4)
    await at.say('to all')
    for (const {got} of tabs) await eventually(() => got[0] === 'to all')
    await closeAll(tabs)
  })

  it('are all closed by the node, and each alone by itself', async () => {
    const tabs = [await join(), await join(), await join()]
    const [first, second, third] = tabs
    second?.mesh.close()
    expect(first?.mesh.state.type).toBe('open')
    expect(await third?.mesh.request('echo', 1)).toEqual([1])
    third?.mesh.send('kick-me')
    for (const tab of [first, third]) {
      expect(await tab?.is('closed')).toEqual({type: 'closed', code: 4501, reason: 'kicked'})
    }
    await closeAll(tabs)
  })

  it('lose what they asked when the tab that has the connection goes; the next one goes on', async () => {
    const [first, second] = [await join(), await join()]
    const asked = second.mesh.request('silent')
    await second.mesh.request('echo')
    first.mesh.close()
    await expect(asked).rejects.toMatchObject({code: 'lost'})
    second.mesh.send('note', 'kept')
    expect(await second.mesh.request('noted')).toEqual([['kept']])
    expect(second.recovered).toEqual([true])
    await closeAll([first, second])
  })

  it('join from a position: with what came since, or told that it is too old', async () => {
    const first = await join()
    await at.say('first')
    await eventually(() => first.got.length === 1)
    const {position: old} = first.mesh
    for (let number = 1; number <= 256; number += 1) await at.say(number)
    await eventually(() => first.got.length === 257)
    const late = await join(old)
    expect([late.recovered, late.got.length, late.got.at(-1)]).toEqual([[true], 256, 256])
    await at.say('one more')
    await eventually(() => first.got.length === 258)
    const tooLate = await join(old)
    expect([tooLate.recovered, tooLate.got]).toEqual([[false], []])
    await at.say('and now')
    await eventually(() => tooLate.got[0] === 'and now')
    await closeAll([first, late, tooLate])
  })
})
