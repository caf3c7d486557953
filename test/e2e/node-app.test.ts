/** examples/node-app with a real node: log in, chat, pay, log out. */
import {join} from 'node:path'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {expect, test} from 'vitest'
import {eventually, within} from '../helpers/eventually.js'
import {freePort} from '../helpers/free-port.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {connectTestClient, type TestClient} from '../helpers/test-client.js'

const SERVER = join(import.meta.dirname, '..', '..', 'examples', 'node-app', 'server.mjs')

test('an Express application: its sessions, chat, payments and log-out', async () => {
  await using mesh = await ServeMesh.open()
  const {stdout: key} = await mesh.run('api', 'key', 'node-app', '--allow', 'publish', '--allow', 'kick')
  const port = await freePort()
  const site = `http://127.0.0.1:${port}`
  const origin = 'http://localhost:3000'
  const node = await mesh.start(
    '--auth-url', `${site}/wsmesh/who`, '--session-cookie', 'sid', '--origin', origin,
    '--webhook', `chat/*=${site}/wsmesh/webhook`,
  )
  const {stdout: webhookKey} = await mesh.run('secret', 'webhook')
  const app = spawn(process.execPath, [SERVER], {
    env: {
      ...process.env, PORT: String(port), WSMESH_API: node.ready.httpUrl, WSMESH_KEY: key.trim(),
      WSMESH_WEBHOOK_KEY: webhookKey.trim(),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await within(once(app.stdout, 'data'), 'Express to listen', 20_000)
    const cookie = await logIn(site, 'ann')
    const ann = await connect(node.ready.clientUrl, origin, cookie)
    const bob = await connect(node.ready.clientUrl, origin, await logIn(site, 'bob'))
    ann.send({action: 'chat/say', details: ['Hi']})
    const said = {action: 'chat/said', details: ['ann', 'Hi']}
    expect(await bob.next()).toEqual(said)
    expect([await ann.next(), await ann.next()]).toEqual([said, {action: 'chat/say', details: []}])
    const paid = await fetch(`${site}/pay`, {method: 'POST', headers: {cookie}})
    expect(await paid.text()).toBe('Your 1 tabs know')
    expect(await ann.next()).toEqual({action: 'paid', details: [10]})
    expect((await fetch(`${site}/wsmesh/webhook`, {method: 'POST', body: '{}'})).status).toBe(401)
    await fetch(`${site}/logout`, {method: 'POST', headers: {cookie}, redirect: 'manual'})
    expect(await within(ann.closed, "Ann's tab to be closed")).toMatchObject({code: 4501})
    await eventually(async () => (await node.stats()).connections === 1, {what: 'Bob alone'})
    bob.ws.terminate()
  } finally {
    app.kill()
  }
})

async function logIn(site: string, user: string): Promise<string> {
  const body = new URLSearchParams({user})
  const response = await fetch(`${site}/login`, {method: 'POST', body, redirect: 'manual'})
  return response.headers.getSetCookie().join().split(';')[0] ?? ''
}

async function connect(url: string, origin: string, cookie: string): Promise<TestClient> {
  const client = await connectTestClient(url, [], {cookie, origin})
  client.send({action: 'Client/authentication'})
  expect(await client.next()).toMatchObject({details: ['ok', {}]})
  return client
}
