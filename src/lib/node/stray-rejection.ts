/** What an action module let go of, promises or timers: no reason to end the node. */
import {realpathSync} from 'node:fs'
import {dirname, resolve} from 'node:path'
import {fileURLToPath, pathToFileURL} from 'node:url'
import {AssertionFailed} from '../util/assert.js'

/** Addresses, as stack frames have them, below which the code of these modules is. */
export function foldersOfActions(actions: readonly string[]): readonly string[] {
  return actions.map((path) => {
    const folder = /\.[cm]?js$/.test(path) ? dirname(resolve(path)) : resolve(path)
    return `${pathToFileURL(existing(folder)).href}/`
  })
}

/** Where wsmesh is installed, with the libraries that are its own. */
const OWN_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Whether a rejection or exception that nobody caught comes from action modules: the code it
 * happened in is theirs, or a library's that they called, or there is none to be seen, which none
 * of wsmesh's own errors has. Ours is whatever happened in wsmesh or in a library of its own.
 */
export function isOfActions(
  reason: unknown,
  folders: readonly string[],
  ownRoot: string = OWN_ROOT,
): boolean {
  if (folders.length === 0 || reason instanceof AssertionFailed) return false
  if (!(reason instanceof Error)) return true
  const frames = (reason.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  for (const frame of frames.filter((line) => /file:\/\/|[(\s]\//.test(line))) {
    if (folders.some((folder) => frame.includes(folder))) return true
    if (frame.includes(ownRoot) || !frame.includes('/node_modules/')) return false
  }
  return true
}

function existing(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Loading the module says what is wrong with its path.
    return path
  }
}
