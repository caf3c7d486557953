/** Real nodes, and the page of examples/php on PHP's own server. */
import {expect, test} from 'vitest'
import {webhookKey} from '../../src/lib/auth/keys.js'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {eventually} from '../helpers/eventually.js'
import {startPhp} from '../helpers/php-app.js'
import {runCli} from '../helpers/cli.js'
import {ServeMesh} from '../helpers/serve-process.js'
import type {TestClient} from '../helpers/test-client.js'

async function answer({texts}: TestClient): Promise<unknown> {
  const text = await eventually(() => texts[0], {what: 'an answer', timeoutMs: 15_000})
  return JSON.parse(text)
}

test('a PHP page handles actions, publishes to other nodes, and hears who comes and goes', async () => {
  await using mesh = await ServeMesh.open()
  // The first command makes the secret.
  await mesh.start()
  const {stdout: key, exit} = await mesh.run('secret', 'webhook')
  expect(exit).toBe(0)
  expect(key.trim()).toBe(webhookKey(await loadSecret({env: {}, dataDir: mesh.folder})))
  await using php = await startPhp({WSMESH_WEBHOOK_KEY: key.trim()})
  const page = `${php.url}/webhook.php`
  const flags = ['--webhook', `chat/*=${page}`, '--webhook-events', page]
  const nodes = [await mesh.start(...flags), await mesh.start(...flags)] as const
  const ann = await mesh.connect(nodes[0], '1')
  const bob = await mesh.connect(nodes[1], '2')
  await eventually(() => ['1', '2'].every((user) => php.output().includes(`connected ${user} at`)), {
    what: 'PHP to hear of both',
  })
  ann.send({action: 'chat/say', details: ['Hi']})
  expect(await answer(ann)).toEqual({action: 'chat/say', details: ['sent']})
  bob.send({action: 'chat/say', details: []})
  expect(await answer(bob)).toEqual({action: 'chat/say:error', details: [400, 'Say something']})
  await bob.close()
  await eventually(() => php.output().includes('user.last 2'), {what: 'PHP to hear that 2 went'})
  const stranger = await fetch(page, {method: 'POST', body: '{"events":[]}'})
  expect(stranger.status).toBe(401)
})

test.each([
  [['--webhook', 'http://app/ws'], '--webhook "http://app/ws" is not ACTIONS=URL'],
  [['--webhook', 'chat/*'], '--webhook "chat/*" is not ACTIONS=URL'],
  [['--webhook', '=http://app/ws'], 'is not ACTIONS=URL'],
  [['--webhook', 'chat/*=ftp://app/ws'], 'is no http:// or https:// URL'],
  [['--webhook', 'chat/*=http://me:pw@app/ws'], 'has a user or password'],
  [['--webhook', 'Client/*=http://app/ws'], 'are no actions of clients'],
  [['--webhook-events', 'app'], 'is no http:// or https:// URL'],
  [['--webhook-events', 'left=http://app/ws'], 'there is no event "left"'],
  [['--webhook-events', ''], 'is no http:// or https:// URL'],
  [['--webhook-timeout', '1ms', '--webhook-events', 'http://app'], 'out of range'],
])('serve %j says what is wrong', async (args, why) => {
  const {exit, stderr} = await runCli(['serve', '--port', '0', ...args])
  expect([exit, stderr]).toEqual([2, expect.stringContaining(why)])
  expect(stderr).not.toMatch(/pw@|\n\s+at /)
})

test("a viewer's secret makes no key", async () => {
  await using mesh = await ServeMesh.open()
  await mesh.start()
  const {stdout} = await mesh.run('secret', 'viewer')
  const {exit, stderr} = await runCli(['secret', 'webhook'], {
    env: {...mesh.env, WSMESH_SECRET: stdout.trim()},
  })
  expect([exit, stderr]).toEqual([4, expect.stringContaining("viewer's")])
})
