import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import {ANSWER_ADVICE} from '../../../src/lib/cli/errors/answer-advice.js'
import {ERROR_ADVICE} from '../../../src/lib/cli/errors/error-advice.js'
import {allCodes, lookUp} from '../../../src/lib/cli/errors/lookup.js'
import {codeList, lookUpScreen} from '../../../src/lib/cli/errors/lookup-screen.js'
import {openApi} from '../../../src/lib/node/api/open-api.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {errorsPage} from '../../helpers/errors-page.js'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const plain = new Chalk({level: 0})

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), {recursive: true, encoding: 'utf8'})
    .filter((path) => path.endsWith('.ts'))
}

const sources = filesOf('src')
  .filter((path) => !/lib\/cli\/(?:errors\/|exit-code)|lib\/util\/errors/.test(path))
  .map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'))
  .join('\n')

function page(name: string): string {
  return readFileSync(join(ROOT, 'docs', name), 'utf8')
}

function thrownBy(text: string): WsmeshError {
  try {
    lookUp(text)
  } catch (error) {
    if (error instanceof WsmeshError) return error
    throw error
  }
  throw new Error(`${text} was found`)
}

describe('the tables', () => {
  test('have every code that the source throws', () => {
    const thrown = [...sources.matchAll(/WsmeshError\(\s*'(\w+)'/g)].map(([, code]) => code ?? '')
    expect(thrown.length).toBeGreaterThan(100)
    expect(thrown.filter((code) => !(code in ERROR_ADVICE))).toEqual([])
  })

  test('have no code that nothing throws', () => {
    const idle = Object.keys(ERROR_ADVICE).filter((code) => !sources.includes(`'${code}'`))
    expect(idle).toEqual([])
  })

  test('have every status that the documents and the OpenAPI document name', () => {
    const rows = `${page('PROTOCOL.md')}\n${page('API.md')}`.split('\n')
    const inTables = rows.flatMap((row) => /^\| ([45]\d\d(?:, [45]\d\d)*) \|/.exec(row)?.[1]?.split(', ') ?? [])
    const inApi = [...JSON.stringify(openApi('0')).matchAll(/"([45]\d\d)":/g)].map(([, status]) => status ?? '')
    expect(inTables.length + inApi.length).toBeGreaterThan(40)
    expect([...inTables, ...inApi].filter((status) => !(status in ANSWER_ADVICE))).toEqual([])
  })

  test('send nobody to a command that there is not', () => {
    const commands = filesOf('src/commands').map((path) => path.replace(/\.ts$/, '').replaceAll('/', ' '))
    const named = allCodes().flatMap(({todo}) => todo)
      .flatMap((text) => [...text.matchAll(/wsmesh ([a-z]+(?: [a-z]+)?)/g)].map(([, words]) => words ?? ''))
    const isCommand = (words: string) => commands.includes(words) || commands.includes(words.split(' ')[0] ?? '')
    expect(named.length).toBeGreaterThan(50)
    expect(named.filter((words) => !isCommand(words))).toEqual([])
  })

  test('name no flag that there is not', () => {
    const flags = readFileSync(join(ROOT, 'test', 'commands.snapshot.json'), 'utf8')
    const texts = allCodes().flatMap(({kind, what, why, todo}) => (kind === 'exit' ? [] : [what, why, ...todo]))
      .filter((text) => !/^(?:curl|openssl|npm|ss|chmod) /.test(text))
    const named = texts.flatMap((text) => [...text.matchAll(/--([a-z][a-z-]+)/g)].map(([, flag]) => flag ?? ''))
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((flag) => !flags.includes(`"${flag}"`) && !['version', 'no-auth'].includes(flag))).toEqual([])
  })

  test('have a sentence, a reason and a step for each code', () => {
    const poor = allCodes().filter(({kind, what, why, todo}) =>
      !/^[A-Z].*\.$/.test(what) || (kind !== 'exit' && (!/[.)]$/.test(why) || todo.length === 0)))
    expect(poor.map(({code}) => code)).toEqual([])
  })

  test('are docs/ERRORS.md', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../../../docs/ERRORS.md')
  })
})

describe('lookUp', () => {
  test.each([
    ['POOL_UNREACHABLE', ['POOL_UNREACHABLE']],
    ['pool_unreachable', ['POOL_UNREACHABLE']],
    [' [POOL-UNREACHABLE] ', ['POOL_UNREACHABLE']],
    ['Error: Cannot reach the pool [POOL_UNREACHABLE]', ['POOL_UNREACHABLE']],
    ['4001', ['4001']],
    ['slow-consumer', ['4001']],
    ['slowConsumer', ['4001']],
    ['1006', ['1006']],
    ['too-big', ['4503', 'too-big']],
    ['503', ['503']],
    ['97', ['97']],
    ['bug', ['BUG']],
  ])('%j is %j', (text, codes) => {
    expect(lookUp(text).map(({code}) => code)).toEqual(codes)
  })

  test.each([
    ['POOL_UNREACHBLE', 'wsmesh errors lookup POOL_UNREACHABLE'],
    ['slow-consumers', 'wsmesh errors lookup slow-consumer'],
    ['outbox', 'wsmesh errors lookup OUTBOX_DENIED'],
    ['4009', 'wsmesh errors lookup 4008'],
  ])('of %j the nearest is named', (text, suggestion) => {
    expect(thrownBy(text)).toMatchObject({code: 'USAGE', message: `There is no code "${text}"`})
    expect(thrownBy(text).suggestions).toContain(suggestion)
    expect(thrownBy(text).suggestions.length).toBeLessThan(5)
  })

  test.each([
    ['4099', 'may come back'],
    ['4999', 'should not come back'],
    ['3001', 'libraries'],
    ['1012', 'WebSocket itself'],
  ])('of the close code %s it says at least which kind it is', (text, kind) => {
    expect(String(thrownBy(text).cause)).toContain(kind)
  })

  test.each(['', '  ', '🙂', '[]'])('%j is none, and nothing is near', (text) => {
    expect(thrownBy(text).suggestions).toEqual(['wsmesh errors list   (all of them)'])
  })

  test('what is long or moves the cursor is not repeated so', () => {
    expect(thrownBy(`\u001B[2J${'x'.repeat(10_000)}`).message).toMatch(/^There is no code "\\x1b\[2Jx{1,52}…"$/)
  })
})

test('the screen keeps to 80 columns but for what is there to be copied', () => {
  const lines = lookUpScreen(allCodes(), plain)
  const copied = allCodes().flatMap(({todo}) => todo)
  const long = lines.filter((line) => line.length > 80 && !copied.some((text) => line.endsWith(text)))
  expect(long).toEqual([])
  expect(codeList(allCodes(), {colours: plain, widthMax: 80}).filter((line) => line.length > 80)).toEqual([])
})
