/** `wsmesh check` as monitoring systems call it: one line on stdout, a status from 0 to 3. */
import {afterAll, beforeAll, expect, it} from 'vitest'
import {ServeMesh} from '../helpers/serve-process.js'

let mesh: ServeMesh

beforeAll(async () => {
  mesh = await ServeMesh.open()
  await mesh.start()
})
afterAll(() => mesh[Symbol.asyncDispose]())

it.concurrent.each([
  ['a mesh that is well', ['--expect', '1'], 0, /^WSMESH OK - 1 node, master n-\w+, 0 clients \| 'nodes'=1;;;0 /],
  ['a limit that is passed', ['--warn', 'rss=1MiB'], 1, /^WSMESH WARNING - rss \d+ KiB at n-\w+, limit 1024 KiB; /],
  ['what is counted', ['--crit', 'slow=0', '--over', '100ms'], 0, /'slow'=0;;0;0/],
  ['too few nodes', ['--expect', '2'], 2, /^WSMESH CRITICAL - 1 node of 2 expected; /],
  ['a mesh out of reach', ['--node', 'ws://127.0.0.1:1'], 2, /^WSMESH CRITICAL - /],
  ['a limit that is none', ['--warn', 'speed=5'], 3, /^WSMESH UNKNOWN - .*try: --warn receipt=250ms\n$/],
  ['an unknown flag', ['--limit', '5'], 3, /^WSMESH UNKNOWN - /],
] as const)('says of %s what it is', async (_name, args, exit, line) => {
  const result = await mesh.run('check', ...args)
  expect(result).toMatchObject({exit, stderr: '', stdout: expect.stringMatching(line)})
  expect(result.stdout.trimEnd().split('\n')).toHaveLength(1)
})

it.concurrent('has the same as JSON', async () => {
  const {exit, stdout} = await mesh.run('check', '--json', '--crit', 'nodes=2')
  expect(exit).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'CRITICAL', problems: [{status: 'CRITICAL', text: 'nodes 1, limit 2'}],
  })
  const wrong = await mesh.run('check', '--json', '--crit', 'x')
  expect([wrong.exit, JSON.parse(wrong.stdout)]).toMatchObject([3, {status: 'UNKNOWN', error: {exit: 3}}])
})
