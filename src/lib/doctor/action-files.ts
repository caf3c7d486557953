/** What keeps a node from loading the files of --actions; none of them is run. */
import {execFile} from 'node:child_process'
import {access, constants, readdir, readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {FileFinding} from './facts.js'

/** Each takes a process for a moment. */
const FILES_MAX = 30
const SYNTAX_TIMEOUT_MS = 10_000

export async function actionFindings(paths: readonly string[]): Promise<readonly FileFinding[]> {
  const findings: FileFinding[] = []
  for (const path of paths) findings.push(...(await findingsOf(path)))
  return findings
}

async function findingsOf(path: string): Promise<readonly FileFinding[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{path, wrong: await wrongWithFile(path)}]
    await access(path, constants.R_OK | constants.X_OK)
    // As a node chooses them.
    const files = (await readdir(path)).filter((name) => /\.m?js$/.test(name)).toSorted()
      .slice(0, FILES_MAX)
    const all: FileFinding[] = [{path, wrong: undefined}]
    for (const name of files) {
      const file = join(path, name)
      all.push({path: file, wrong: await wrongWithFile(file), isInFolder: true})
    }
    return all
  } catch (error) {
    return [{path, wrong: wordsOf(error)}]
  }
}

async function wrongWithFile(path: string): Promise<string | undefined> {
  try {
    const source = await readFile(path, 'utf8')
    return await syntaxErrorOf(path) ?? (hasDefault(source) ? undefined : NO_DEFAULT)
  } catch (error) {
    return wordsOf(error)
  }
}

const NO_DEFAULT = 'it exports no function as default: export default (mesh) => {…}'

/**
 * Whether there is anything that could be its default export, of an ES module or of CommonJS. Lines
 * that are all comment do not count. Without running it no more can be known.
 */
function hasDefault(source: string): boolean {
  const code = source.replace(/^\s*(?:\/\/.*|\/\*[\s\S]*?\*\/)/gm, '')
  return /\bexport\s+default\b|\bas\s+default\b|\bexport\s*\{[^}]*\bdefault\b/.test(code)
    || /\bmodule\.exports\b|\bexports\s*(?:\.\s*|\[\s*['"])default\b/.test(code)
}

function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return code === 'ENOENT' ? 'it is not there' : `it cannot be read (${code})`
}

/** By `node --check`, which reads a file and does not run it. */
function syntaxErrorOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {timeout: SYNTAX_TIMEOUT_MS, killSignal: 'SIGKILL'} as const
    execFile(process.execPath, ['--check', path], options, (error, _, stderr) => {
      if (error === null) return resolve(undefined)
      const [, what] = /^(SyntaxError: .*)$/m.exec(stderr) ?? []
      const [, line] = /:(\d+)$/m.exec(stderr.split('\n')[0] ?? '') ?? []
      // Whatever else keeps Node from looking is not the file's fault.
      if (what === undefined) return resolve(undefined)
      resolve(line === undefined ? what : `${what}, line ${line}`)
    })
  })
}
