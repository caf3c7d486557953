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
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/connection.js', 'connection.js', 'text/javascript; charset=utf-8'],
  ['/dom.js', 'dom.js', 'text/javascript; charset=utf-8'],
  ['/mesh.js', 'mesh.js', 'text/javascript; charset=utf-8'],
  ['/nodes.js', 'nodes.js', 'text/javascript; charset=utf-8'],
  ['/tab.js', 'tab.js', 'text/javascript; charset=utf-8'],
  ['/favicon.svg', 'favicon.svg', 'image/svg+xml'],
] as const

export async function readPageFiles(): Promise<PageFiles> {
  const read = FILES.map(async ([path, name, type]): Promise<[string, PageFile]> => {
    return [path, {type, body: await readFile(join(FOLDER, name))}]
  })
  return new Map(await Promise.all(read))
}
