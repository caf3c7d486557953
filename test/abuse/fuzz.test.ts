/** bench/fuzz.mjs for some seconds; `node bench/fuzz.mjs --minutes 30` is the long form. */
import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, test} from 'vitest'

const FUZZ = join(import.meta.dirname, '..', '..', 'bench', 'fuzz.mjs')

test('bytes and values at every door of a real node: no crash, no hang, no growth', async () => {
  const {stdout} = await promisify(execFile)(process.execPath, [FUZZ, '--seconds', '6'])
  expect(stdout).toContain('PASS no crash, no hang, no growth')
}, 120_000)
