import {existsSync, readFileSync, readdirSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'

import {MeshCore} from '../src/lib/mesh/core.js'
import {defaultMeshConfig} from '../src/lib/mesh/config.js'
import {COUNTER_NAMES} from '../src/lib/node/counters.js'
import {limitEntries} from '../src/lib/node/limits.js'
import {formatDuration} from '../src/lib/util/duration.js'
import {nodeId} from '../src/lib/util/brand.js'

const ROOT = join(import.meta.dirname, '..')
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/ADMIN.md', 'docs/API.md',
  'docs/ARCHITECTURE.md', 'docs/AUTH.md', 'docs/CLIENT.md', 'docs/ERRORS.md', 'docs/OPERATIONS.md', 'docs/OUTBOX.md',
  'docs/PROTOCOL.md', 'docs/RELAY.md', 'docs/SCALE.md', 'docs/SECURITY.md', 'docs/SIEGE.md', 'docs/TERMINAL.md', 'docs/WEBHOOKS.md']

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

describe.each(PAGES)('%s', (page) => {
  test('leads nowhere wrong', () => {
    const targets = [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, to]) => to ?? '')
    const broken = targets.filter(
      (to) => !/^[a-z]+:/.test(to) && !existsSync(join(ROOT, dirname(page), to)),
    )
    expect(broken).toEqual([])
  })

  test('names files that exist', () => {
    const named = [...read(page).matchAll(/`((?:src|test|bench|bin|examples)\/[\w./-]+)`/g)]
    expect(named.map(([, path]) => path ?? '').filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

test('OPERATIONS.md explains every counter', () => {
  const core = new MeshCore({
    self: {id: nodeId('n1'), url: '', clientUrl: '', version: '', pid: 1},
    config: defaultMeshConfig,
    random: {next: () => 0},
    now: 0,
  })
  const page = read('docs/OPERATIONS.md')
  const names = [...COUNTER_NAMES, ...Object.keys(core.stats().counters)]
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('OPERATIONS.md has every limit with its default and its counter', () => {
  const rows = read('docs/OPERATIONS.md').split('\n').filter((line) => line.startsWith('| `--'))
  const wrong = limitEntries().filter(([, limit]) => {
    const value = limit.unit === 'ms' ? formatDuration(limit.default) : String(limit.default)
    const row = rows.find((line) => line.startsWith(`| \`--${limit.flag}\` | ${value} | `))
    return row?.endsWith(`| \`${limit.counter}\` |`) !== true
  })
  expect(wrong.map(([name]) => name)).toEqual([])
})

test('README.md lists every command', () => {
  const folder = join(ROOT, 'src', 'commands')
  const commands = readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((path) => path.endsWith('.ts') && path !== 'help.ts')
    .map((path) => `wsmesh ${path.replace('.ts', '').replaceAll('/', ' ')}`)
  expect(commands.filter((command) => !read('README.md').includes(`\`${command}\``))).toEqual([])
})

function inOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

test('OPERATIONS.md has nginx as examples/php-app runs it', () => {
  const page = inOneLine(read('docs/OPERATIONS.md'))
  const blocks = [...inOneLine(read('examples/php-app/nginx.conf')).matchAll(/location [^{]*\{[^}]*\}/g)]
    .map(([block]) => block)
    .filter((block) => block.includes('http://wsmesh;'))
  expect(blocks).toHaveLength(2)
  expect(blocks.filter((block) => !page.includes(block))).toEqual([])
})
