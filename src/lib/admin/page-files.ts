/** The files of the page, read once: what is not in this table does not exist. */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import type {PlainResponse} from '../transport/transport.js'
import {WsmeshError} from '../util/errors.js'

export interface PageFile {
  readonly type: PlainResponse['type']
  readonly body: Buffer
}

export type PageFiles = ReadonlyMap<string, PageFile>

/** Made by `npm run build`, of src/lib/admin/page. */
const FOLDER = join(import.meta.dirname, '..', '..', '..', 'dist', 'lib', 'admin', 'page')

const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/admin.css', 'admin.css', 'text/css; charset=utf-8'],
  ['/admin.js', 'admin.js', 'text/javascript; charset=utf-8'],
  ['/favicon.svg', 'favicon.svg', 'image/svg+xml'],
] as const

/** Rejects with BUILD_MISSING. */
export async function readPageFiles(): Promise<PageFiles> {
  const read = FILES.map(
    async ([path, name, type]) => [path, {type, body: await readFile(join(FOLDER, name))}] as const,
  )
  try {
    return new Map(await Promise.all(read))
  } catch (cause) {
    throw new WsmeshError('BUILD_MISSING', 'The page of wsmesh admin has not been built', {
      cause,
      suggestions: ['npm run build'],
    })
  }
}
