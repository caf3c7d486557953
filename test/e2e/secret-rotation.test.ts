/** The secret of a mesh under load is changed, on real processes: nothing is lost, nobody is cut. */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import {connectOperator} from '../../src/lib/operator/operator-client.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {connectTestClient} from '../helpers/test-client.js'

test('a mesh changes its secret without a lost message', async () => {
  await using mesh = await ServeMesh.open()
  for (let n = 0; n < 3; n += 1) await mesh.start()
  const [first, , third] = mesh.nodes
  if (first === undefined || third === undefined) throw new Error('Three nodes were started')
  const before = await loadSecret({env: {}, dataDir: mesh.folder})
  const tabs = await Promise.all(mesh.nodes.map((node) => mesh.connect(node, '42')))
  const oldToken = await signToken({user: '42', ttlMs: 60_000}, before)
  const url = first.ready.nodeUrl
  const operator = await connectOperator({url, secret: before, timeoutMs: 5000})

  // Messages all the time, each with a receipt that names all three tabs.
  let sent = 0
  const over = new AbortController()
  const reached = new Set<number>()
  const publishing = (async () => {
    while (!over.signal.aborted) {
      sent += 1
      const message = {action: 'n', details: [sent], target: {user: 42}}
      reached.add((await operator.publish(message, 10_000)).connections)
    }
  })()
  // Whoever awaits it hears of it; until then a failure elsewhere is the one to be told.
  publishing.catch(() => undefined)

  /** One step, and every node has read the file again: on a signal, or as the file changed. */
  async function step(...flags: string[]): Promise<void> {
    const said = mesh.nodes.map(({cli}) => countOf(cli.stderr()))
    const {exit, stderr, stdout} = await mesh.run('secret', 'rotate', ...flags)
    expect(exit, stderr).toBe(0)
    expect(stdout).not.toContain(await readFile(join(mesh.folder, 'secret'), 'utf8'))
    if (flags.length > 0) for (const {cli} of mesh.nodes) cli.child.kill('SIGHUP')
    for (const [n, {cli}] of mesh.nodes.entries()) {
      await eventually(() => countOf(cli.stderr()) > (said[n] ?? 0), {
        what: `node ${n} to read the secret; it said ${cli.stderr()}`, timeoutMs: 60_000,
      })
    }
  }

  await step()
  await step('--use')
  // A node that starts now, and all links to it, prove themselves with the new secret.
  const fourth = await mesh.start()
  const now = await loadSecret({env: {}, dataDir: mesh.folder})
  expect(await letIn(first.ready.clientUrl, await signToken({user: '7', ttlMs: 60_000}, now))).toBe('ok')
  expect(await letIn(fourth.ready.clientUrl, oldToken)).toBe('ok')
  await step('--finish')
  expect(await letIn(third.ready.clientUrl, oldToken)).toBe(403)
  const late = connectOperator({url, secret: before, timeoutMs: 5000})
  await expect(late).rejects.toMatchObject({code: 'AUTH_REJECTED'})

  over.abort()
  await publishing
  operator.close()
  expect(sent).toBeGreaterThan(20)
  for (const tab of tabs) {
    await eventually(() => tab.texts.length >= sent, {what: 'all messages'})
    const numbers = tab.texts.map((text) => (JSON.parse(text) as {details: number[]}).details[0])
    expect(numbers).toEqual(Array.from({length: sent}, (_, n) => n + 1))
  }
  // The fourth node's tab of user 42 was there for a moment, and is gone.
  expect([...reached].every((count) => count === 3 || count === 4)).toBe(true)
  // Said by nobody: neither the old secret nor a new one.
  const files = [await readFile(join(mesh.folder, 'secret'), 'utf8')]
  for (const {cli} of mesh.nodes) {
    for (const text of files) expect(cli.stderr()).not.toContain(text.trim())
  }
}, 180_000)

function countOf(text: string): number {
  return text.split('The secret was read again').length - 1
}

/** "ok", or the status of the refusal. */
async function letIn(url: string, token: string): Promise<unknown> {
  const client = await connectTestClient(url)
  client.send({action: 'Client/authentication', details: [{token}]})
  const {details} = (await client.next()) as {details: unknown[]}
  client.ws.terminate()
  return details[0]
}

test("a viewer's secret looks, and acts nowhere", async () => {
  await using mesh = await ServeMesh.open()
  const node = await mesh.start()
  await mesh.connect(node, '42')
  const {stdout} = await mesh.run('secret', 'viewer', '--json')
  const {secret} = JSON.parse(stdout) as {secret: string}
  const {startCli, runCli} = await import('../helpers/cli.js')
  const env = {...mesh.env, WSMESH_SECRET: secret}
  expect((await runCli(['pool', 'list', '--expect', '1'], {env})).exit).toBe(0)
  expect((await runCli(['who', '--user', '42'], {env})).stdout).toContain('42')
  await using tail = startCli(['tail'], {env})
  await tail.says('tailing from')
  await mesh.run('send', 'hello', 'Hi', '--user', '42')
  await tail.says('user 42')
  for (const act of [['send', 'hello', 'Hi', '--user', '42'], ['pool', 'prune', '--yes']]) {
    const {exit, stderr} = await runCli(act, {env})
    expect([exit, act, stderr.includes('viewer')]).toEqual([4, act, true])
  }
  const served = await runCli(['serve', '--port', '0'], {env})
  expect([served.exit, served.stderr.includes("viewer's")]).toEqual([1, true])
  expect((await runCli(['token', '--user', '42'], {env})).exit).toBe(1)
  await node.cli.says('An operator acted')
  await node.cli.says('A viewer was refused')
  expect(node.cli.stderr()).not.toContain(secret.slice('viewer:'.length))
}, 180_000)
