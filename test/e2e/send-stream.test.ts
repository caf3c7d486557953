/** A stream of messages through nodes that die: each arrives once, in order, and has its answer. */
import {expect, test} from 'vitest'
import {startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

const LINES = 20_000
const KILLS = 4

/** The node that the command talks to. */
async function nodeOfCommand(mesh: ServeMesh): Promise<ServeProcess | undefined> {
  for (const node of mesh.nodes) if ((await node.stats()).operators > 0) return node
  return undefined
}

async function hasFullView(mesh: ServeMesh): Promise<boolean> {
  const stats = await Promise.all(mesh.nodes.map((node) => node.stats()))
  // A member is one of a mesh without a master: see WSMESH_TEST_RELAY.
  return stats.some(({role, view}) =>
    (role === 'master' || role === 'member') && view.length === mesh.nodes.length)
}

test('send --stdin survives kill -9 of the node it talks to, again and again', async () => {
  await using mesh = await ServeMesh.open()
  for (let count = 0; count < 3; count += 1) await mesh.start()
  await using send = startCli(['send', '--stdin', '--json', '--timeout', '20s'], {env: mesh.env})
  const {stdin} = send.child
  if (!stdin) throw new Error('a pipe')
  const ledger: number[] = []
  let tabs = 0
  let next = 0
  const write = (through: number): void => {
    while (next < through) stdin.write(`{"action":"n","details":[${(next += 1)}],"user":42}\n`)
  }
  for (let kill = 0; kill <= KILLS; kill += 1) {
    await eventually(() => hasFullView(mesh), {timeoutMs: 30_000})
    write(1)
    const victim = await eventually(() => nodeOfCommand(mesh), {timeoutMs: 20_000})
    // A tab at a node that lives to the next round: its ledger begins where this round does.
    const survivor = mesh.nodes.find((node) => node !== victim)
    if (!survivor) throw new Error('three nodes')
    const answersBefore = send.stdout().split('\n').length
    await eventually(() => send.stdout().split('\n').length > next, {timeoutMs: 60_000})
    expect(answersBefore).toBeLessThanOrEqual(next + 1)
    const tab = await mesh.connect(survivor, '42')
    const first = next
    write(Math.floor(((kill + 1) * LINES) / (KILLS + 1)))
    if (kill === KILLS) stdin.end()
    await eventually(() => tab.texts.length > 200, {timeoutMs: 30_000})
    if (kill < KILLS) {
      await mesh.kill(victim)
      await mesh.start()
    }
    await eventually(() => tab.texts.length >= next - first, {timeoutMs: 60_000})
    const numbers = tab.texts.map((text) => (JSON.parse(text) as {details: [number]}).details[0])
    expect(numbers).toEqual(Array.from({length: next - first}, (_, index) => first + index + 1))
    ledger.push(...numbers)
    tabs += 1
    await tab.close()
  }
  expect(tabs).toBe(KILLS + 1)
  expect(ledger.length).toBeGreaterThanOrEqual(LINES - 1)
  const exit = await send.exit
  const answers = send.stdout().trim().split('\n').map((line) => JSON.parse(line) as {id: string})
  expect(answers).toHaveLength(LINES)
  expect(answers.map(({id}) => Number(id.split('-').at(-1)))).toEqual(
    Array.from({length: LINES}, (_, index) => index + 1),
  )
  // The first line came before any tab did.
  expect(exit).toBe(5)
}, 240_000)
