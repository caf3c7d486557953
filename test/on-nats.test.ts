/** What may differ on NATS is told by a row of the table in docs/RELAY.md, of a test that there is. */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8')
const differs = JSON.parse(read('test', 'on-nats-differs.json')) as Record<
  string, Record<string, string>
>

test.each(Object.entries(differs))('%s', (file, tests) => {
  const source = read('test', 'e2e', `${file}.test.ts`)
  const table = read('docs', 'RELAY.md')
  for (const [name, row] of Object.entries(tests)) {
    expect(table).toContain(`\n| ${row} |`)
    // Names may be made of values: its last words are those of the source.
    const end = name.split(' ').slice(-3).join(' ')
    expect(source.includes(end) || /%s|\$/.test(source), name).toBe(true)
  }
})
