import {WsmeshError} from '../../util/errors.js'
import type {ErrorCode} from '../../util/errors.js'
import type {SqliteFailure} from './sqlite-message.js'

interface Explanation {
  readonly code: ErrorCode
  readonly what: string
  readonly suggestions: readonly string[]
}

/** SQLite's extended codes begin with the plain one: SQLITE_IOERR_SHMOPEN is SQLITE_IOERR. */
const EXPLANATIONS: readonly (readonly [RegExp, (path: string) => Explanation])[] = [
  [/^FOREIGN_HOST$/, (path) => ({
    code: 'POOL_FOREIGN_HOST',
    what: `The pool file ${path} is another machine's`,
    suggestions: [
      'Nodes on several machines meet in MySQL or MariaDB: --pool mysql://user:password@host/db',
      `If no node runs there any more (a copied disk, a renamed machine): rm ${path}*`,
    ],
  })],
  [/^SQLITE_NOTADB/, (path) => ({
    code: 'POOL_DAMAGED',
    what: `The file ${path} is no pool, or its beginning is damaged`,
    suggestions: [
      'Name another file: --pool sqlite:PATH',
      'If it was the pool: stop the nodes and delete it (it holds who is running, no messages)',
    ],
  })],
  [/^SQLITE_CORRUPT/, (path) => ({
    code: 'POOL_DAMAGED',
    what: `The pool file ${path} is damaged`,
    suggestions: [
      `If it is a pool: stop the nodes and rm ${path}* (it holds who is running, no messages)`,
      'Otherwise name another file: --pool sqlite:PATH',
    ],
  })],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, (path) => ({
    code: 'POOL_READ_ONLY',
    what: `The disk of the pool file ${path} is full`,
    suggestions: ['Free some space: the pool needs less than 1 MB'],
  })],
  [/^(SQLITE_READONLY|EROFS)/, (path) => ({
    code: 'POOL_READ_ONLY',
    what: `The pool file ${path} cannot be written`,
    suggestions: [`ls -l ${path}*`, 'Use a file on a writable disk: --pool sqlite:PATH'],
  })],
  [/^(SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_AUTH|EACCES|EPERM|EISDIR|ENOTDIR|ELOOP)/, (path) => ({
    code: 'POOL_DENIED',
    what: `The pool file ${path} cannot be opened by this user`,
    suggestions: [`ls -ld ${path} and its folder`, 'Use another file: --pool sqlite:PATH'],
  })],
  [/^SQLITE_(BUSY|LOCKED)/, (path) => ({
    code: 'POOL_UNREACHABLE',
    what: `The pool file ${path} is locked by another process`,
    suggestions: [`fuser -v ${path} says by which`, 'A stopped or debugged node may hold it'],
  })],
]

/** A thread's failure as the store contract words it. */
export function sqliteError({code, message}: SqliteFailure, path: string): WsmeshError {
  const explain = EXPLANATIONS.find(([pattern]) => pattern.test(code))?.[1]
  const {code: ours, what, suggestions} = explain?.(path) ?? {
    code: 'POOL_UNREACHABLE' as const,
    what: `The pool file ${path} does not answer`,
    suggestions: [`ls -l ${path}* and the disk it is on`],
  }
  const cause = Object.assign(new Error(message), {code})
  return new WsmeshError(ours, `${what}: ${message}${code === '' ? '' : ` (${code})`}.`, {
    cause, suggestions,
  })
}
