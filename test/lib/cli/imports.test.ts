import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {dirname, join, relative, resolve} from 'node:path'
import {expect, test} from 'vitest'

const SRC = join(import.meta.dirname, '..', '..', '..', 'src')
const HEAVY = /^(ws|mysql2|libsql|jose|hdr-histogram-js|autocannon)(\/|$)/

/** What a file loads before its functions run: not `import type`, not `import()`. */
function staticImports(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  const found = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"]*?from\s+)?'([^']+)'/gm)
  return [...found].map((match) => match[1] ?? '')
}

function heavyReachedFrom(start: string): string[] {
  const seen = new Set<string>()
  const heavy: string[] = []
  const visit = (path: string, via: readonly string[]): void => {
    if (seen.has(path)) return
    seen.add(path)
    for (const name of staticImports(path)) {
      const trail = [...via, relative(SRC, path)]
      if (HEAVY.test(name)) heavy.push([...trail, name].join(' > '))
      if (!name.startsWith('.')) continue
      const target = resolve(dirname(path), name.replace(/\.js$/, '.ts'))
      if (existsSync(target)) visit(target, trail)
    }
  }
  visit(start, [])
  return heavy
}

const commands = readdirSync(join(SRC, 'commands'), {recursive: true, encoding: 'utf8'}).filter(
  (path) => path.endsWith('.ts'),
)

test('the search finds what there is to find', () => {
  expect(heavyReachedFrom(join(SRC, 'lib/transport/ws-transport.ts'))).not.toEqual([])
  expect(commands.length).toBeGreaterThan(5)
})

test.each(commands)('%s loads no driver before it runs', (command) => {
  expect(heavyReachedFrom(join(SRC, 'commands', command))).toEqual([])
})

test('a node that starts loads the driver of no store but its own', () => {
  const reached = heavyReachedFrom(join(SRC, 'lib/node/serve.ts'))
  expect(reached.filter((trail) => /> (?:mysql2|libsql)$/.test(trail))).toEqual([])
})
