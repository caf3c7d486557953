/**
 * A drill's folder, and what drills leave behind that were killed themselves: their folders, nodes
 * that stand stopped, tables in a database. Whoever comes next cleans up.
 */
import {lstat, mkdir, mkdtemp, readFile, readdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {isMarkAlive, markOf, pidOf, readMark} from '../process/process-mark.js'

const NAME = /^wsmesh-drill-(\d+-\d+)-/
const CHILDREN = 'children'
const TABLES = 'tables'

/** Tables in a database that is not the drill's own. */
export interface LeftTables {
  /** The pool's URL without its password. */
  readonly pool: string
  readonly prefix: string
}

export async function makeDrillFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `wsmesh-drill-${markOf(process.pid)}-`))
  await mkdir(join(folder, CHILDREN))
  return folder
}

/** A process that shall not outlive its drill. */
export async function noteChild(folder: string, pid: number | undefined): Promise<void> {
  const mark = pid === undefined ? undefined : markOf(pid)
  if (mark !== undefined) await writeFile(join(folder, CHILDREN, mark), '')
}

export async function noteTables(folder: string, tables: LeftTables): Promise<void> {
  await writeFile(join(folder, TABLES), JSON.stringify(tables))
}

/**
 * Kills the processes of killed drills and removes their folders. `dropTables` says whether it
 * could drop these; if not their note stays for another drill with that database.
 */
export async function removeLeftovers(
  dropTables: (tables: LeftTables) => Promise<boolean>,
): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const mark = readMark(NAME.exec(name)?.[1] ?? '')
    const folder = join(tmpdir(), name)
    if (mark === undefined || isMarkAlive(mark) || !(await isOurs(folder))) continue
    for (const child of await readdir(join(folder, CHILDREN)).catch(() => [])) killMarked(child)
    const tables = await tablesOf(folder)
    const isClean = tables === undefined || (await dropTables(tables))
    if (isClean) await rm(folder, {recursive: true, force: true})
  }
}

/** The folder of temporary files is everybody's: what others put there says nothing. */
async function isOurs(folder: string): Promise<boolean> {
  const stats = await lstat(folder).catch(() => undefined)
  return stats?.isDirectory() === true && stats.uid === process.getuid?.()
}

function killMarked(name: string): void {
  const mark = readMark(name)
  if (mark !== undefined && isMarkAlive(mark)) process.kill(pidOf(mark), 'SIGKILL')
}

async function tablesOf(folder: string): Promise<LeftTables | undefined> {
  const text = await readFile(join(folder, TABLES), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const json = parseJson(text)
  const {pool, prefix}: Readonly<Record<string, unknown>> =
    json.ok && isRecord(json.value) ? json.value : {}
  return typeof pool === 'string' && typeof prefix === 'string' ? {pool, prefix} : undefined
}
