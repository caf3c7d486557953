/** What is kept of a node that hangs, and of how many. */
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, onTestFinished, test} from 'vitest'

import {examineHung} from '../../../src/lib/supervisor/examine-hung.js'
import {describePlace, stackOf, withoutSecrets} from '../../../src/lib/supervisor/hang-findings.js'
import {HangFolder, stemOf} from '../../../src/lib/supervisor/hang-folder.js'
import type * as nodeChild from '../../../src/lib/supervisor/node-child.js'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'
import {assertBuilt} from '../../helpers/built.js'
import {eventually} from '../../helpers/eventually.js'

const BUILT = join(import.meta.dirname, '../../../dist/lib/supervisor/node-child.js')

const asked = {report: new Set(['report'] as const), all: new Set(['report', 'cpu', 'heap'] as const)}

type Built = typeof nodeChild
type NodeChild = nodeChild.NodeChild

const wallClock = (): number => 0

function frame(functionName: string, scriptId: string) {
  return {functionName, location: {scriptId, lineNumber: 1, columnNumber: 2}}
}

async function dataFolder(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'wsmesh-hang-'))
  onTestFinished(() => rm(dataDir, {recursive: true}))
  return dataDir
}

/** A process as a supervisor keeps it, that runs this and nothing else. */
async function childOf(
  dataDir: string, code: string, isUp = 'up',
): Promise<NodeChild & {log: string[]}> {
  const log: string[] = []
  assertBuilt('lib/supervisor')
  const {startNodeChild} = (await import(BUILT)) as Built
  const {promise: up, resolve: said} = withResolvers<void>()
  const child = startNodeChild({
    args: ['-e', `console.error('up'); ${code}`], env: {...process.env, APP_PASSWORD: 'hunter2'},
    clientFd: 0, apiFd: undefined,
    supervision: {
      supervisor: process.pid, port: 1, privatePath: join(dataDir, 'x'), links: 'private',
      nodeListen: undefined, nodeUrl: undefined, ended: [],
    },
    onLog: (line) => (log.push(line), line === isUp && said()),
    onReady: () => {}, onEnd: () => {},
  })
  onTestFinished(() => child.kill('SIGKILL'))
  await up
  return Object.assign(child, {log})
}

async function isInState({pid}: NodeChild, state: string): Promise<void> {
  await eventually(async () =>
    (await readFile(`/proc/${pid}/status`, 'utf8')).includes(`State:\t${state}`))
}

function hungOf({pid = 0, inspect}: NodeChild) {
  return {pid, node: 'n-1', why: 'no answer', command: 'wsmesh serve', inspect}
}

test('of one in an endless loop all is kept, and its inspector is told to nobody', async () => {
  const dataDir = await dataFolder()
  const child = await childOf(dataDir, 
    'setTimeout(function spin() { while (true) work() }, 1); function work() { Math.random() }')
  const found = await examineHung(hungOf(child), {dataDir, asked: asked.all, wallClock})
  const stem = join(dataDir, 'hangs', `19700101T000000Z-n-1-${child.pid}`)
  const kinds = ['json', 'cpuprofile', 'heapsnapshot'].map((kind) => `${stem}.${kind}`)
  expect(found).toMatch(/^ in (?:spin|work) \(.*\[eval\]:1:\d+\), see /)
  expect(found.split(', see ')[1]).toBe(kinds.join(', '))
  const [report = '', profile = '', heap = ''] = await Promise.all(
    kinds.map((path) => readFile(path, 'utf8')))
  expect(JSON.parse(report)).toHaveProperty('javascriptHeap')
  expect(report).not.toContain('hunter2')
  expect(profile).toContain('"functionName":"work"')
  expect(JSON.parse(heap)).toHaveProperty('snapshot')
  expect(child.log).toEqual(['up'])
})

test('of one that was stopped, and one that waits outside of JavaScript, what the kernel says', async () => {
  const dataDir = await dataFolder()
  const stopped = await childOf(dataDir, 'setInterval(() => {}, 1000)')
  stopped.kill('SIGSTOP')
  await isInState(stopped, 'T')
  const options = {dataDir, asked: asked.report, wallClock}
  expect(await examineHung(hungOf(stopped), options)).toMatch(/^, stopped by a signal, see /)
  const waiting = await childOf(dataDir, 
    'child_process.execSync("echo waits >&2; sleep 5", {stdio: "inherit"})', 'waits')
  await isInState(waiting, 'S')
  const found = await examineHung(hungOf(waiting), options)
  const {wsmesh} = JSON.parse(await readFile(found.replace(', see ', ''), 'utf8')) as
    {wsmesh: {stack: unknown[]; kernel: {state: string}}}
  expect(wsmesh).toMatchObject({stack: [], kernel: {state: 'S (sleeping)'}})
})

test('nothing is kept where nothing is asked for, or nothing can be', async () => {
  const dataDir = await dataFolder()
  const child = await childOf(dataDir, 'setInterval(() => {}, 1000)')
  const nothing = {dataDir, asked: new Set<never>(), wallClock}
  expect(await examineHung(hungOf(child), nothing)).toBe('')
  expect(await readdir(dataDir)).toEqual([])
  const nowhere = {dataDir: '/proc/no', asked: asked.report, wallClock}
  expect(await examineHung(hungOf(child), nowhere)).toContain('nothing of it could be kept')
})

test('the newest are kept: twenty reports, two snapshots', async () => {
  const folder = new HangFolder(await dataFolder())
  const path = await folder.open()
  for (let day = 1; day <= 22; day += 1) {
    const stem = stemOf(Date.UTC(2026, 0, day), 'n-1', 7)
    await folder.write('report', stem, '')
    await folder.write('heap', stem, '')
  }
  await folder.tidy('report')
  await folder.tidy('heap')
  const names = await readdir(path)
  expect(names.filter((name) => name.endsWith('.json'))).toHaveLength(20)
  expect(names.filter((name) => name.endsWith('.heapsnapshot'))).toEqual([
    '20260121T000000Z-n-1-7.heapsnapshot', '20260122T000000Z-n-1-7.heapsnapshot',
  ])
})

test('what may hold passwords is taken out of reports, at any depth', () => {
  const inner = {environmentVariables: {P: 'x'}, header: {commandLine: ['x'], cwd: '/'}}
  expect(withoutSecrets({...inner, workers: [inner], n: 1})).toEqual({
    header: {cwd: '/'}, workers: [{header: {cwd: '/'}}], n: 1,
  })
})

test('a stack is told by its first function that is not of Node itself', () => {
  const urls = new Map([['1', 'node:fs'], ['2', 'file:///app/a.mjs']])
  const stack = stackOf([frame('read', '1'), frame('', '2')], urls)
  expect(stack).toEqual([
    {name: 'read', at: 'node:fs:2:3'}, {name: '(anonymous)', at: 'file:///app/a.mjs:2:3'},
  ])
  expect(describePlace(stack)).toBe(' in (anonymous) (/app/a.mjs:2:3)')
  expect(describePlace(stackOf([], urls))).toBe('')
})
