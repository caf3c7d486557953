/** A wsmesh that is wrong in one place: a copy of the build, changed there, and where it helps. */
import {cp, mkdtemp, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const PARTS = ['bin', 'dist', 'package.json', 'oclif.manifest.json']

export interface Mutant extends AsyncDisposable {
  /** What to run instead of bin/run.js. */
  readonly bin: string
}

export interface Change {
  /** In dist. */
  readonly file: string
  /** Must be there once. */
  readonly from: string
  readonly to: string
}

export async function mutant(...changes: readonly Change[]): Promise<Mutant> {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-mutant-'))
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), {recursive: true})
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  for (const {file, from, to} of changes) {
    const path = join(folder, 'dist', file)
    const text = await readFile(path, 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${from} is not once in dist/${file}`)
    await writeFile(path, text.replace(from, () => to))
  }
  return {
    bin: join(folder, 'bin', 'run.js'),
    [Symbol.asyncDispose]: () => rm(folder, {recursive: true, force: true}),
  }
}
