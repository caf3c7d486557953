import {existsSync, readFileSync, readdirSync} from 'node:fs'
import {dirname, join, normalize, relative} from 'node:path'
import {describe, expect, test} from 'vitest'
import {CHANGES_ITS_PROCESS, LONG_FILES} from './helpers/test-files.js'

const SRC = join(import.meta.dirname, '..', 'src')

/** A folder imports itself and lower floors, nothing else (docs/ARCHITECTURE.md). */
const FLOORS: Readonly<Record<string, number>> = {
  'lib/util': 0,
  'lib/protocol': 1,
  'lib/sql': 1,
  'lib/mesh': 2,
  'lib/pool': 3,
  'lib/nats': 3,
  'lib/transport': 3,
  'lib/auth': 3,
  'lib/probe': 3,
  'lib/process': 3,
  'lib/scale': 3,
  'lib/simulation': 3,
  'lib/client': 4,
  'lib/publisher': 4,
  'lib/node': 4,
  'lib/operator': 4,
  'lib/demo': 5,
  'lib/drill': 5,
  'lib/cli': 5,
  'lib/supervisor': 5,
  'lib/admin': 6,
  'lib/doctor': 5,
  'lib/siege': 6,
  commands: 7,
}

/** No clock, timer, randomness, socket, file or process: the same input gives the same output. */
const PURE = ['lib/util', 'lib/protocol', 'lib/mesh', 'lib/scale', 'lib/simulation']
const IMPURE_NAMES =
  /\b(Date\.now|new Date|Math\.random|setTimeout|setInterval|setImmediate|performance|process\.(?:argv|cwd|env|exit|hrtime|memoryUsage|nextTick|on|once|pid|std\w+|uptime)\b|console\.|Promise)\b/

/** A library whose API may change or be replaced is known to one file. */
const ONE_FILE: Readonly<Record<string, string>> = {
  ws: 'lib/transport/ws-transport.ts',
  '@nats-io/transport-node': 'lib/nats/nats-client.ts',
  libsql: 'lib/pool/sqlite/sqlite-driver.ts',
  mysql2: 'lib/sql/mysql-driver.ts',
  pino: 'lib/node/create-log.ts',
  'prom-client': 'lib/node/metrics/prometheus.ts',
}

/** What a file of tests may do only in a process of its own. */
const CHANGES = new RegExp([
  /\bvi\.(?:mock|hoisted|stub\w+|useFakeTimers|spyOn\((?:globalThis|console|process))/,
  /\bprocess\.(?:chdir|on|once)\(|\bprocess\.env(?:\.\w+|\[[^\]]+\]) = /,
].map(({source}) => source).join('|'))

interface Source {
  readonly path: string
  readonly folder: string
  readonly text: string
  readonly imports: readonly string[]
}

const sources: readonly Source[] = readdirSync(SRC, {recursive: true, encoding: 'utf8'})
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8')
    const found = text.matchAll(/(?:from|import\()\s*'([^']+)'|^import '([^']+)'/gm)
    return {path, folder: floorFolder(path), text, imports: [...found].map((m) => m[1] ?? m[2] ?? '')}
  })

function floorFolder(path: string): string {
  const [top, second] = path.split('/')
  return top === 'lib' ? `lib/${second}` : (top ?? '')
}

describe('architecture', () => {
  test('every file stands on a floor', () => {
    const homeless = sources.filter(({path, folder}) => path !== 'index.ts' && !(folder in FLOORS))
    expect(homeless.map(({path}) => path)).toEqual([])
  })

  test('imports go down, never up or across', () => {
    const wrong: string[] = []
    for (const {path, folder, imports} of sources) {
      if (path === 'index.ts') continue
      for (const specifier of imports.filter((name) => name.startsWith('.'))) {
        const target = relative(SRC, normalize(join(SRC, dirname(path), specifier)))
        const other = floorFolder(target)
        if (other === folder) continue
        if ((FLOORS[other] ?? 99) >= (FLOORS[folder] ?? -1)) wrong.push(`${path} -> ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('the pure floors know no clock, timer, randomness, promise or Node module', () => {
    const wrong: string[] = []
    for (const {path, folder, text, imports} of sources) {
      if (!PURE.includes(folder)) continue
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      const name = IMPURE_NAMES.exec(code)?.[0]
      if (name) wrong.push(`${path} uses ${name}`)
      for (const specifier of imports) {
        if (!specifier.startsWith('.')) wrong.push(`${path} imports ${specifier}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('the client library, which runs in browsers, stands alone', () => {
    const files = sources.filter(({folder}) => folder === 'lib/client')
    const strange = files.flatMap(({path, imports, text}) => [
      ...imports.filter((name) => !name.startsWith('./')).map((name) => `${path} imports ${name}`),
      ...(/\b(?:process\.|Buffer\b|eval\(|new Function\b)/.exec(text) ?? []),
    ])
    expect(strange).toEqual([])
    expect(files.length).toBeGreaterThan(0)
  })

  test('the page of the admin, which runs in browsers, knows its wire, and how to count', () => {
    const files = sources.filter(({path}) => path.startsWith('lib/admin/page/'))
    const libraries = ['htm/preact', 'preact', 'preact/hooks', 'uplot']
    const strange = files.flatMap(({path, imports, text}) => [
      ...imports
        .filter((name) => !libraries.includes(name) && !/^(?:\.{1,2}\/)+[\w/-]+\.js$/.test(name))
        .map((name) => `${path} imports ${name}`),
      ...imports
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(path), name)))
        .filter((name) => !/^lib\/(?:admin\/(?:page\/|wire\.js$)|cli\/plural\.js$)/.test(name))
        .map((name) => `${path} imports ${name}`),
      ...(/\b(?:innerHTML|dangerouslySetInnerHTML|eval\(|new Function\b)/.exec(text) ?? []),
    ])
    expect(strange).toEqual([])
    expect(files.length).toBeGreaterThan(0)
  })

  test.each(Object.entries(ONE_FILE))('%s is imported by %s alone', (library, only) => {
    const users = sources.filter(({imports}) =>
      imports.some((name) => name === library || name.startsWith(`${library}/`)),
    )
    expect(users.map(({path}) => path)).toEqual([only])
  })

  test('files are at most 400 lines of at most 100 columns, commands under 80 lines', () => {
    const wrong: string[] = []
    for (const {path, folder, text} of sources) {
      const lines = text.split('\n')
      const linesMax = folder === 'commands' ? 80 : 400
      if (lines.length - 1 > linesMax) wrong.push(`${path}: ${lines.length - 1} lines`)
      const long = lines.findIndex((line) => line.length > 100)
      if (long !== -1) wrong.push(`${path}:${long + 1}: ${lines[long]?.length} columns`)
    }
    expect(wrong).toEqual([])
  })

  test('nothing is left open', () => {
    const open = sources.filter(({text}) => /TODO|FIXME|XXX|@ts-ignore/.test(text))
    expect(open.map(({path}) => path)).toEqual([])
  })

  test('tests that share a process leave it as it was; files that are named exist', () => {
    const root = join(SRC, '..')
    const named = [...CHANGES_ITS_PROCESS, ...LONG_FILES]
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
    const shared = readdirSync(join(root, 'test', 'lib'), {recursive: true, encoding: 'utf8'})
      .map((path) => join('test', 'lib', path))
      .filter((path) => path.endsWith('.test.ts') && !CHANGES_ITS_PROCESS.includes(path))
    expect(shared.filter((path) => CHANGES.test(readFileSync(join(root, path), 'utf8')))).toEqual([])
    expect(shared.length).toBeGreaterThan(100)
  })
})
