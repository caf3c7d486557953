/** Twenty kill -9, of the clients' node and of the master in turn: bench/resume.mjs is the judge. */
import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, test} from 'vitest'

const BENCH = join(import.meta.dirname, '..', '..', 'bench', 'resume.mjs')

test('clients that resume elsewhere after each of 20 kills see 1 to N, no hole, no repeat', async () => {
  const {stdout} = await promisify(execFile)(process.execPath, [BENCH, '--kills', '20'])
  expect(stdout).toMatch(/^20 kills, 40 resumes: each client saw 1 to \d+, none missing, none twice/)
}, 240_000)
