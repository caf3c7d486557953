/** Commands as they can be pasted into a shell, spelled as they work where the user is. */
import {existsSync, realpathSync} from 'node:fs'
import {delimiter, join, relative} from 'node:path'

export interface WhereaboutsOptions {
  /** bin/run.js of this package. */
  readonly binFile: string
  readonly cwd: string
  /** The PATH variable. */
  readonly path: string
}

/**
 * `wsmesh` where it is installed and is this very copy, `npx wsmesh` in a project that has it as a
 * dependency, else `node bin/run.js` from the folder where the user stands.
 */
export function spelledCommand({binFile, cwd, path}: WhereaboutsOptions): string {
  const isThisOne = (file: string): boolean =>
    existsSync(file) && realpathSync(file) === realpathSync(binFile)
  // npm puts node_modules/.bin on the path of its scripts; another terminal does not have it.
  const folders = path.split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin'))
  if (folders.some((folder) => folder !== '' && isThisOne(join(folder, 'wsmesh')))) return 'wsmesh'
  if (isThisOne(join(cwd, 'node_modules', '.bin', 'wsmesh'))) return 'npx wsmesh'
  return `node ${quoted(relative(cwd, binFile))}`
}

/** One word of a POSIX shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

export interface TryCommand {
  readonly command: string
  readonly why: string
}

export interface TryOptions {
  readonly wsmesh: string
  /** Given ones only: commands find the defaults by themselves. */
  readonly dataDir: string | undefined
  readonly secretFile: string | undefined
  readonly masterPid: number | undefined
}

/** The commands to try next: five, or four when the master is no process of this demo. */
export function tryCommands(options: TryOptions): readonly TryCommand[] {
  const {wsmesh, dataDir, secretFile, masterPid} = options
  const where = [
    ...(dataDir === undefined ? [] : ['--data-dir', quoted(dataDir)]),
    ...(secretFile === undefined ? [] : ['--secret-file', quoted(secretFile)]),
  ]
  const command = (...words: readonly string[]): string => [wsmesh, ...words, ...where].join(' ')
  const list = command('pool', 'list')
  return [
    {command: list, why: 'who is in the mesh, and who is master'},
    // Not all of it: the numbers of the page would hide what one has sent oneself.
    {command: command('tail', '--action', 'hello'), why: 'watch each hello that it relays'},
    {command: command('send', 'hello', '"Hi"', '--user', '42'), why: 'to every tab of user 42'},
    {command: command('token', '--user', '42'), why: 'what a browser proves itself with'},
    ...(masterPid === undefined ? [] : [{
      command: `kill -9 ${masterPid}; sleep 1; ${list}`,
      why: 'kill the master: another takes over',
    }]),
  ]
}
