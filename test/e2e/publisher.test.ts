/** `wsmesh/publisher` and examples/php/WsMesh.php lose nothing when a node dies under them. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {expect, test} from 'vitest'
import {createPublisher} from '../../src/lib/publisher/index.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'

const WSMESH_PHP = join(import.meta.dirname, '..', '..', 'examples', 'php', 'WsMesh.php')

interface World {
  readonly mesh: ServeMesh
  readonly urls: readonly string[]
  readonly key: string
  /** What user 42 got, at the node that stays. */
  readonly got: () => readonly number[]
}

async function world(mesh: ServeMesh): Promise<World> {
  const {stdout} = await mesh.run('api', 'key', 'shop')
  const nodes = [await mesh.start(), await mesh.start(), await mesh.start()]
  const client = await mesh.connect(nodes[0] ?? fail(), '42')
  const got = (): number[] => client.texts.map((each) => {
    const {details: [n]} = JSON.parse(each) as {details: number[]}
    return n ?? fail()
  })
  return {mesh, urls: nodes.map(({ready}) => ready.httpUrl), key: stdout.trim(), got}
}

function fail(): never {
  throw new Error('There are three nodes, and numbers')
}

function numbersTo(count: number): number[] {
  return Array.from({length: count}, (_, n) => n + 1)
}

test('a publisher in Node: two nodes die, each number comes once, in order', async () => {
  await using mesh = await ServeMesh.open()
  const {urls, key, got} = await world(mesh)
  const publisher = createPublisher(urls, {key})
  for (let n = 1; n <= 300; n += 1) {
    if (n === 100 || n === 200) await mesh.kill(mesh.nodes.at(-1) ?? fail())
    const {connections} = await publisher.send('n', [n], {user: 42})
    expect(connections).toBe(1)
  }
  await eventually(() => got().length === 300, {what: '300 numbers'})
  expect(got()).toEqual(numbersTo(300))
})

test('a publisher in PHP: the same', async () => {
  await using mesh = await ServeMesh.open()
  const {urls, key, got} = await world(mesh)
  const php = spawn('php', ['-r', `
    require '${WSMESH_PHP}';
    $mesh = WsMesh::http(explode(' ', getenv('NODES')), getenv('KEY'));
    for ($n = 1; $n <= 200; $n++) {
      $receipt = $mesh->send('n', [$n], ['user' => 42]);
      if ($receipt['connections'] !== 1) throw new Exception(json_encode($receipt));
    }
    try { $mesh->send('Client/no', [], ['user' => 42]); } catch (WsMeshException $failure) {
      echo $failure->getCode(), $failure->mayBeSent() ? ' maybe' : ' not sent', PHP_EOL;
    }
    try { $mesh->kick(['user' => 42], 'enough'); } catch (WsMeshException $failure) {
      echo $failure->getCode(), ' ', $failure->getMessage(), PHP_EOL;
    }
  `], {env: {...process.env, NODES: urls.join(' '), KEY: key}, stdio: ['ignore', 'pipe', 'pipe']})
  const said = text(php.stdout)
  const complaints = text(php.stderr)
  await eventually(() => got().length > 50, {what: 'the first numbers', timeoutMs: 20_000})
  await mesh.kill(mesh.nodes.at(-1) ?? fail())
  await once(php, 'close')
  // By default a key may publish alone.
  expect(await said).toMatch(/^400 not sent\n403 This key is not/)
  expect(await complaints).toBe('')
  await eventually(() => got().length === 200, {what: '200 numbers'})
  expect(got()).toEqual(numbersTo(200))
})
