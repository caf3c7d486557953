/** `wsmesh serve --log-file`: of a node, and of a supervisor that writes what its nodes say. */
import {readFile, rename} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, it} from 'vitest'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'

async function eventsIn(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.trim().split('\n').filter((line) => line !== '').map((line) =>
    (JSON.parse(line) as {event: string}).event)
}

it.concurrent.each([
  ['a node', []],
  ['a supervisor', ['--supervise']],
])('of %s has its lines, and is opened again on SIGUSR2', async (_name, args) => {
  await using mesh = await ServeMesh.open()
  const path = join(mesh.folder, 'node.log')
  const {cli} = await mesh.start('--log-file', path, ...args)
  await eventually(async () => (await eventsIn(path)).includes('node.ready'))
  await rename(path, `${path}.1`)
  cli.child.kill('SIGUSR2')
  await eventually(async () => (await eventsIn(path)).includes('log.reopened'))
  cli.child.kill('SIGTERM')
  expect(await cli.exit).toBe(0)
  expect(await eventsIn(path)).toEqual(expect.arrayContaining(['log.reopened', 'node.stopped']))
  expect(await eventsIn(`${path}.1`)).not.toContain('node.stopped')
  expect(cli.stderr()).toBe('')
})

it.concurrent('that cannot be written is refused, and says what to do', async () => {
  await using mesh = await ServeMesh.open()
  const path = join(mesh.folder, 'no', 'node.log')
  const {exit, stdout, stderr} = await mesh.run('serve', '--port', '0', '--log-file', path)
  expect([exit, stdout]).toEqual([1, ''])
  expect(stderr).toContain(path)
  expect(stderr).toContain('--log-file')
  expect(stderr).not.toContain('    at ')
})
