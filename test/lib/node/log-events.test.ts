import {readFileSync, readdirSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {eventOf, LOG_EVENTS} from '../../../src/lib/node/log-events.js'

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** Where lines of nodes and supervisors are written. */
const FOLDERS = ['auth', 'mesh', 'nats', 'node', 'pool', 'supervisor', 'transport']

const sources = FOLDERS.flatMap((folder) => {
  const path = join(ROOT, 'src', 'lib', folder)
  return readdirSync(path, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [`${folder}/${name}`, readFileSync(join(path, name), 'utf8')] as const)
})

/** Of a log, of what stands before one, of a core: up to its text, or to the name of that. */
const CALL = new RegExp(
  String.raw`(?:\.(?:debug|info|warn|error)\(|[lL]og\[[^\]]+\]\(|#say\([\w']+,|\blog\(state, [^\n]*?,)\s*`
  + String.raw`(?:(['"` + '`' + String.raw`])((?:\\.|(?!\1)[^\\])*)\1|([\w.]+)\s*[,)])`,
  'gs',
)

/** Texts of calls, with * for what is put in; and what stands there where it is no literal. */
function callsOf(source: string): {readonly texts: string[]; readonly names: string[]} {
  const found = [...source.matchAll(CALL)]
  return {
    texts: found.flatMap(([, , text]) => text === undefined ? [] : [plain(text)]),
    names: found.flatMap(([, , , name]) => name ?? []),
  }
}

function plain(literal: string): string {
  return literal.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '*').replaceAll(String.raw`\'`, "'")
}

/** Calls whose text is no literal there: what passes lines on, and texts that are listed below. */
const PASSED_ON = [
  'node/calm-warning.ts', 'node/create-node.ts', 'node/links.ts', 'node/log-output.ts',
  'node/open-authenticators.ts', 'node/outlive-actions.ts', 'node/perform.ts', 'node/reload.ts',
  'node/webhooks/action-webhooks.ts', 'supervisor/supervise.ts',
]
const OTHERS = [
  'The secret could not be read again: the node goes on with the old one',
  'No link with a node', 'A node cannot be reached',
  'An action module left a rejected promise to itself: await it, or catch',
  'An action module threw where nobody catches: in a timer, or an event',
  'Nodes on other machines cannot dial ws://127.0.0.1: give --host',
  'Other nodes will dial ws://a: if that is not right, give --node-url',
]

test('every line of the log has one name, and every name a line', () => {
  const calls = sources.flatMap(([, source]) => callsOf(source).texts)
  expect(calls.length).toBeGreaterThan(60)
  const texts = [...new Set([...calls, ...OTHERS])]
  expect(texts.filter((text) => eventOf(text) === undefined)).toEqual([])
  const named = new Set(texts.map((text) => eventOf(text)))
  expect(LOG_EVENTS.filter(({event}) => !named.has(event)).map(({event}) => event)).toEqual([])
  const passing = sources.filter(([, source]) => callsOf(source).names.length > 0)
  expect(passing.map(([path]) => path)).toEqual(PASSED_ON)
})

test('docs/LOGS.md has every name with its texts, and no other', () => {
  const text = readFileSync(join(ROOT, 'docs', 'LOGS.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `([\w.-]+)` \| (.+?) \| .+ \|$/gm)]
  const documented = rows.map(([, event, texts = '']) => ({event, texts: texts.split(' / ')}))
  const real = LOG_EVENTS.map(({event, texts}) => ({
    event, texts: texts.map((each) => each.replaceAll('*', '…')),
  }))
  expect(documented).toEqual(real)
})
