import {readdirSync, statSync} from 'node:fs'
import {join} from 'node:path'

const root = new URL('../..', import.meta.url).pathname

/**
 * For tests that run threads or processes from dist: throws when the build is older than the
 * sources of a folder in src, since they would test what is not there any more.
 */
export function assertBuilt(folder: string): void {
  for (const entry of readdirSync(join(root, 'src', folder), {recursive: true})) {
    const file = String(entry)
    if (!file.endsWith('.ts')) continue
    const built = join(root, 'dist', folder, file.replace(/\.ts$/, '.js'))
    const source = join(root, 'src', folder, file)
    const builtMs = statSync(built, {throwIfNoEntry: false})?.mtimeMs ?? 0
    if (builtMs < statSync(source).mtimeMs) {
      throw new Error(`dist/${folder}/${file} is older than its source: npm run build`)
    }
  }
}
