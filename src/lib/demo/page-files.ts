/** The files of the page, read once: what is not in this table does not exist. */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

export interface PageFile {
  readonly type: string
  readonly body: Buffer
}

export type PageFiles = ReadonlyMap<string, PageFile>

const FOLDER = join(import.meta.dirname, 'page')

const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
  ['/favicon.svg', 'favicon.svg', 'image/svg+xml'],
] as const

/** Modules that import each other; page.js is the first. */
const SCRIPTS = [
  'connection.js', 'dom.js', 'drawing.js', 'kills.js', 'layout.js', 'mesh.js', 'nodes.js',
  'numbers.js', 'page.js', 'strip.js', 'tab.js', 'tally.js',
].map((name) => [`/${name}`, name, 'text/javascript; charset=utf-8'] as const)

export async function readPageFiles(): Promise<PageFiles> {
  const read = [...FILES, ...SCRIPTS].map(
    async ([path, name, type]) => [path, {type, body: await readFile(join(FOLDER, name))}] as const,
  )
  return new Map(await Promise.all(read))
}
