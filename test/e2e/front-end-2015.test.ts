/** Pages of PHP as they were written for the module of 2015, against a real node. */
import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, test} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import {within} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {connectTestClient} from '../helpers/test-client.js'

const SERVER = join(import.meta.dirname, '..', '..', 'examples', 'front-end-2015', 'server.php')

/** Runs code that has $Server; what it prints. Rejects with what PHP said when it failed. */
async function php(url: string, key: string, code: string): Promise<string> {
  const page = `require ${JSON.stringify(SERVER)};
    $Server = new Server(${JSON.stringify(url)}, ${JSON.stringify(key)}); ${code}`
  const {stdout} = await promisify(execFile)('php', ['-d', 'display_errors=stderr', '-r', page])
  return stdout
}

test('send_to_clients, compose_error and close_by_session reach front ends of 2015', async () => {
  await using mesh = await ServeMesh.open()
  const {stdout} = await mesh.run('api', 'key', 'site', '--allow', 'publish', '--allow', 'kick')
  const node = await mesh.start()
  const key = stdout.trim()
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const claims = {user: '42', groups: ['3'], session: 's1', ttlMs: 60_000}
  const token = await signToken(claims, secret)
  const client = await connectTestClient(node.ready.clientUrl)
  client.send(['Client/authentication', {token, language: 'English'}])
  expect(await client.next()).toEqual(['Client/authentication', 'ok'])

  const {httpUrl} = node.ready
  const sent = await php(httpUrl, key, `
    echo $Server->send_to_clients('a', 'Привіт', Server::SEND_TO_ALL);
    echo $Server->send_to_clients('b', null, Server::SEND_TO_REGISTERED_USERS);
    echo $Server->send_to_clients('c', ['Hi', ['n' => 1]], Server::SEND_TO_SPECIFIC_USERS, [7, 42]);
    echo $Server->send_to_clients('d', false, Server::SEND_TO_USERS_GROUP, 3);
    echo $Server->send_to_clients('e', 0, Server::SEND_TO_FILTER, ['language', 'English']);
    echo $Server->send_to_clients('f', 1, Server::SEND_TO_SPECIFIC_USERS, 7);
    echo $Server->send_to_clients('hello:error', $Server->compose_error(400), 3, 42);
    echo $Server->send_to_clients('hello:error', $Server->compose_error(400, 'No'), 3, 42);`)
  expect(sent).toBe('11111011')
  const frames = [
    ['a', 'Привіт'], ['b', null], ['c', ['Hi', {n: 1}]], ['d', false], ['e', 0],
    ['hello:error', [400, '400 Bad Request']], ['hello:error', [400, 'No']],
  ]
  for (const frame of frames) expect(await client.next()).toEqual(frame)

  expect(await php(httpUrl, key, `
    echo $Server->close_by_user(7), $Server->close_by_session('s1');`)).toBe('01')
  expect(await client.next()).toEqual(['Server/close', null])
  const end = await within(client.closed, 'the tab to be closed')
  expect(end).toEqual({code: 1000, reason: 'kicked'})
  await expect(php(httpUrl, `${key}x`, "$Server->close_by_user(7);")).rejects.toThrow(
    'Uncaught RuntimeException',
  )
})
