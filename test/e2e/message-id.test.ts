/** Messages with an id of their own: sent again, also past dead nodes, they are delivered once. */
import {expect, test} from 'vitest'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

interface SendJson {
  readonly id: string
  readonly position: string
  readonly connections: number
}

async function send(mesh: ServeMesh, through: ServeProcess, ...args: string[]): Promise<SendJson> {
  const node = ['--node', through.ready.nodeUrl, '--timeout', '15s']
  const {stdout, stderr} = await mesh.run('send', ...args, ...node, '--json')
  expect(stderr).toBe('')
  return JSON.parse(stdout) as SendJson
}

test('the same id through two nodes, and after kill -9 of the master: delivered once', async () => {
  await using mesh = await ServeMesh.open()
  const nodes = [await mesh.start(), await mesh.start(), await mesh.start()]
  const [a, b, c] = nodes as [ServeProcess, ServeProcess, ServeProcess]
  const tab = await mesh.connect(c, '42')
  await eventually(async () => (await a.stats()).view.length === 3, {timeoutMs: 10_000})
  const message = ['hello', 'Hi', '--user', '42', '--id', 'order-7']
  const first = await send(mesh, a, ...message)
  expect(first).toMatchObject({id: 'order-7', connections: 1})
  const again = await send(mesh, b, ...message)
  expect([again.position, again.connections]).toEqual([first.position, 1])
  await mesh.kill(a)
  const afterwards = await send(mesh, b, ...message)
  expect([afterwards.position, afterwards.connections]).toEqual([first.position, 1])
  const late = await mesh.start()
  expect((await send(mesh, late, ...message)).position).toBe(first.position)
  await send(mesh, c, 'end', '--user', '42')
  await eventually(() => tab.texts.length === 2)
  expect(tab.texts.map((text) => (JSON.parse(text) as {action: string}).action)).toEqual([
    'hello', 'end',
  ])
})

test('lines of --stdin may have ids, and a bad one fails alone', async () => {
  await using mesh = await ServeMesh.open()
  const node = await mesh.start()
  const tab = await mesh.connect(node, '42')
  const send = mesh.run('send', 'n', '1', '--user', '42', '--id', 'é'.repeat(33))
  expect(await send).toMatchObject({exit: 2, stderr: expect.stringContaining('66 bytes')})
  const lines = ['"a"', '"a"', '7', '"b"'].map((id, index) => {
    return `{"action":"n","details":[${index}],"user":42,"id":${id}}\n`
  })
  const {stdout} = await mesh.stdin(lines.join(''), 'send', '--stdin', '--json')
  const answers = stdout.trim().split('\n').map((line) => JSON.parse(line) as SendJson)
  expect(answers[0]?.position).toBe(answers[1]?.position)
  expect(answers).toMatchObject([{id: 'a'}, {id: 'a'}, {line: 3}, {id: 'b'}])
  await eventually(() => tab.texts.length === 2)
})
