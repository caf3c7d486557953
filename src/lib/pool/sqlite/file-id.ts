/** Files as they are on the disk: a path may lead to another file than a moment ago. */
import {closeSync, mkdirSync, openSync, statSync, unlinkSync} from 'node:fs'
import {dirname} from 'node:path'

export interface FileId {
  readonly device: bigint
  readonly inode: bigint
  /** Inode numbers are used again soon after a file is gone. */
  readonly bornNs: bigint
}

export function fileId(path: string): FileId | undefined {
  const stat = statSync(path, {bigint: true, throwIfNoEntry: false})
  return stat && {device: stat.dev, inode: stat.ino, bornNs: stat.birthtimeNs}
}

export function isSameFile(one: FileId, other: FileId): boolean {
  return one.device === other.device && one.inode === other.inode && one.bornNs === other.bornNs
}

/** SQLite's write-ahead log and its lock table, which live and die with the database. */
export function sideFiles(path: string): ReadonlyMap<string, FileId> {
  const found = new Map<string, FileId>()
  for (const side of [`${path}-wal`, `${path}-shm`]) {
    const id = fileId(side)
    if (id) found.set(side, id)
  }
  return found
}

export function removeIfSame(path: string, id: FileId): void {
  const now = fileId(path)
  if (!now || !isSameFile(now, id)) return
  try {
    unlinkSync(path)
  } catch (error) {
    // Another process found it stale as well and was quicker.
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

/**
 * Makes an empty file, mode 0600, and its folder, mode 0700, where there is none. Files left
 * beside a deleted one go first; seen before the look at the path, they cannot be a new file's.
 */
export function makeFile(path: string): void {
  const orphans = sideFiles(path)
  if (fileId(path)) return
  for (const [side, id] of orphans) removeIfSame(side, id)
  makeFolder(dirname(path))
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    // Two processes at once: one file, and both go on with it.
    if (!isErrno(error, 'EEXIST')) throw error
  }
}

/** Level by level: below /proc, Node 20's own way through all levels never ends. */
function makeFolder(path: string): void {
  if (statSync(path, {throwIfNoEntry: false})?.isDirectory()) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  try {
    mkdirSync(path, {mode: 0o700})
  } catch (error) {
    // Another process was quicker.
    if (!statSync(path, {throwIfNoEntry: false})?.isDirectory()) throw error
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
