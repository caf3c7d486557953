/**
 * wsmesh as its users get it: `npm pack`, then `npm install -g` of the tarball. Packing builds dist
 * anew, and other tests run from the checkout's: so a copy of the checkout is packed, with links to
 * its node_modules, and is gone before anything of the package runs.
 */
import {execFile} from 'node:child_process'
import {cp, mkdir, readdir, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {delimiter, dirname, join, relative} from 'node:path'

const CHECKOUT = join(import.meta.dirname, '..', '..')
/** Not in a fresh clone: what builds, installs and editors leave behind. */
const LEFT_BEHIND = /^(\.git|node_modules|dist|coverage|oclif\.manifest\.json|.*\.tgz)$/
const NPM_TIMEOUT_MS = 120_000

/** What must not find its way into a package: settings, secrets, what was built once. */
export const DECOYS: Readonly<Record<string, string>> = {
  '.env': 'WSMESH_SECRET=not for publication',
  secret: 'not for publication',
  'dist/lib/gone.js': 'export {}',
}

export interface InstalledPackage {
  /** Where the copy was that was packed: no file of the package may know. */
  readonly packedFrom: string
  readonly tarballBytes: number
  /** Where the package is now. */
  readonly root: string
  /** The command that npm has made. */
  readonly bin: string
  /** Finds the command by its name, as a user's shell does. */
  readonly env: Readonly<Record<string, string>>
  /** Files that should be in the package, by what is in the checkout. */
  readonly expected: readonly string[]
  /** Files that are in it. */
  readonly files: readonly string[]
}

/** Everything is in the folder, which must exist. */
export async function installPackage(folder: string): Promise<InstalledPackage> {
  const packedFrom = join(folder, 'copy')
  const prefix = join(folder, 'prefix')
  await copyCheckout(packedFrom)
  await npm(packedFrom, 'pack', '--pack-destination', folder)
  const expected = await expectedFiles(packedFrom)
  await rm(packedFrom, {recursive: true})

  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? ''
  const {size} = await stat(join(folder, tarball))
  await npm(folder, 'install', '--global', '--prefix', prefix, '--prefer-offline', `./${tarball}`)
  const root = join(prefix, 'lib', 'node_modules', 'wsmesh')
  const path = [join(prefix, 'bin'), dirname(process.execPath), process.env['PATH']]
  return {
    packedFrom,
    tarballBytes: size,
    root,
    bin: join(prefix, 'bin', 'wsmesh'),
    env: {PATH: path.join(delimiter), WSMESH_DATA_DIR: join(folder, 'data')},
    expected,
    files: await filesOf(root),
  }
}

async function copyCheckout(to: string): Promise<void> {
  const filter = (source: string): boolean => !LEFT_BEHIND.test(relative(CHECKOUT, source))
  await cp(CHECKOUT, to, {recursive: true, filter})
  await symlink(join(CHECKOUT, 'node_modules'), join(to, 'node_modules'))
  for (const [path, text] of Object.entries(DECOYS)) {
    await mkdir(dirname(join(to, path)), {recursive: true})
    await writeFile(join(to, path), text)
  }
}

async function expectedFiles(copy: string): Promise<readonly string[]> {
  const sources = await filesOf(join(copy, 'src'))
  // Of the admin's page there are one script and one style sheet.
  const bundled = /^lib\/admin\/page\/.*(?:\.ts|\.css|tsconfig\.json)$/
  const built = sources.filter((path) => !bundled.test(path)).flatMap((path) => {
    const name = path.replace(/\.ts$/, '')
    return name === path ? [`dist/${path}`] : [`dist/${name}.d.ts`, `dist/${name}.js`]
  })
  const below = async (name: string): Promise<readonly string[]> =>
    (await filesOf(join(copy, name))).map((path) => `${name}/${path}`)
  return [
    'CHANGELOG.md', 'LICENSE', 'README.md', 'bin/run.js', 'dist/wsmesh.js', 'oclif.manifest.json',
    'package.json', 'dist/lib/admin/page/admin.css', 'dist/lib/admin/page/admin.js',
    ...built, ...(await below('docs')), ...(await below('examples')),
  ].toSorted()
}

/** Paths below the folder, sorted; those of packages are not its own. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true})
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('node_modules/'))
    .toSorted()
}

function npm(cwd: string, ...args: readonly string[]): Promise<void> {
  const all = [...args, '--no-audit', '--no-fund', '--loglevel', 'error']
  return new Promise((resolve, reject) => {
    execFile('npm', all, {cwd, timeout: NPM_TIMEOUT_MS}, (error, stdout, stderr) => {
      if (error === null) return resolve()
      // Which registry somebody uses is not for a test's report.
      const said = `${stdout}${stderr}`.replaceAll(/\bhttps?:\/\/[^\s/]+/g, 'https://…')
      reject(new Error(`npm ${args[0]} ended with ${error.code}: ${said}`))
    })
  })
}
