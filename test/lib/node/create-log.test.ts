import {readFileSync, renameSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'
import {createLog, type LogOptions} from '../../../src/lib/node/create-log.js'
import type {Log, LogFields} from '../../../src/lib/node/log.js'
import {openLog} from '../../../src/lib/node/log-output.js'

function linesOf(format: LogOptions['format'], level: LogOptions['level'], say: (log: Log) => void) {
  const lines: string[] = []
  say(createLog({format, level, write: (line) => void lines.push(line), wallClock: () => 61_000}))
  return lines
}

test('programs get JSON with the name of the event', () => {
  const [line, other] = linesOf('ndjson', 'info', (log) => {
    log.debug('Stopping')
    log.warn('The pool store does not answer', {pool: 'p', error: '100 %s of "it"', tries: 3, no: undefined})
    log.info('What a program says %d of itself')
  })
  expect(JSON.parse(line ?? '')).toEqual({
    level: 'warn', at: '1970-01-01T00:01:01.000Z', event: 'pool.silent', pool: 'p',
    error: '100 %s of "it"', tries: 3, text: 'The pool store does not answer',
  })
  expect(line?.endsWith('\n')).toBe(true)
  expect(JSON.parse(other ?? '')).toEqual({
    level: 'info', at: '1970-01-01T00:01:01.000Z', text: 'What a program says %d of itself',
  })
})

test('people get lines that cannot move their cursor', () => {
  expect(linesOf('pretty', 'warn', (log) => {
    log.info('Stopping')
    log.error('A \u001B[2J thing', {file: '/a\nb', none: undefined, n: 1})
  })).toEqual(['00:01:01.000 error A \\u001b[2J thing file=/a\\nb n=1\n'])
})

test.each(['pretty', 'ndjson'] as const)('%s: what is secret by its name or place is hidden', (format) => {
  const fields: LogFields = {
    token: 'sesame', Password: 'sesame', authorization: 'Bearer sesame', cookie: 'sid=sesame',
    error: 'connect mysql://wsmesh:sesame@db/app: refused', url: 'http://u:se@same@host/', tokens: 2,
  }
  const line = linesOf(format, 'info', (log) =>
    log.info('No answer of mysql://wsmesh:sesame@db/app', fields)).join('')
  expect(line).not.toMatch(/sesame|se@same/)
  expect(line).toContain('mysql://wsmesh:***@db/app: refused')
  expect(line).toContain('http://u:***@host/')
})

test('a file that was moved away is opened again; one that cannot be opened is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-test-'))
  onTestFinished(() => rm(folder, {recursive: true}))
  const file = join(folder, 'node.log')
  const {log, pass, reopen} = openLog({level: 'info', format: 'auto', file})
  log.info('Stopping', {n: 1})
  renameSync(file, `${file}.1`)
  pass('{"text":"of a node"}')
  reopen()
  log.info('Stopping', {n: 2})
  const [old, current] = [`${file}.1`, file].map((path) => readFileSync(path, 'utf8').trim().split('\n'))
  expect(old?.map((line) => JSON.parse(line) as object)).toMatchObject(
    [{text: 'Stopping', n: 1}, {text: 'of a node'}])
  expect(current?.map((line) => JSON.parse(line) as object)).toMatchObject(
    [{event: 'log.reopened', file}, {text: 'Stopping', n: 2}])
  const missing = join(folder, 'no', 'node.log')
  expect(() => openLog({level: 'info', format: 'auto', file: missing})).toThrow(
    expect.objectContaining({code: 'FILE_UNWRITABLE', message: expect.stringContaining(missing)}))
})
