/** A bench runs seldom: what it takes from the build may have another name by then. */
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {expect, test} from 'vitest'

const BENCH = join(import.meta.dirname, '../../bench')
const IMPORT = /^import\s+\{([^}]*)\}\s+from\s+'(\.[^']*)'/gm
const AWAITED = /\{([^}]*)\}\s*=\s*await import\('(\.[^']*)'\)/g
const files = readdirSync(BENCH, {recursive: true, encoding: 'utf8'})
  .filter((file) => file.endsWith('.mjs') && !file.includes('node_modules'))

test.each(files)('%s finds what it imports', async (file) => {
  const text = readFileSync(join(BENCH, file), 'utf8')
  for (const [, names = '', from = ''] of [...text.matchAll(IMPORT), ...text.matchAll(AWAITED)]) {
    const path = join(dirname(join(BENCH, file)), from)
    expect(existsSync(path), path).toBe(true)
    // What is not of the build may begin its work when it is imported.
    if (!path.includes('/dist/')) continue
    const wanted = names.split(',').map((name) => name.trim().split(/\W/)[0]).filter(Boolean)
    const found: object = await import(path)
    expect(Object.keys(found), from).toEqual(expect.arrayContaining(wanted))
  }
})
