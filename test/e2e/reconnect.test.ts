/** The storm of bench/reconnect.mjs, a small one. */
import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, it} from 'vitest'

const BENCH = join(import.meta.dirname, '..', '..', 'bench', 'reconnect.mjs')

it('300 clients that lost their node are all back, in the others’ limit, and hold nothing', async () => {
  const args = [BENCH, '--clients', '300', '--processes', '1', '--limit', '100', '--untimed']
  const {stdout, stderr} = await promisify(execFile)(process.execPath, args, {timeout: 150_000})
  expect(stderr).toBe('')
  expect(stdout).toContain('300 clients in 1 processes, 300 of them on one of 3 nodes')
  expect(stdout).toContain('✓ all are back, recovered, and nothing is left behind')
}, 160_000)
