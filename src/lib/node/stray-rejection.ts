/** Promises that an action module let go of: its own mistake, and no reason to end the node. */
import {realpathSync} from 'node:fs'
import {dirname, resolve} from 'node:path'
import {pathToFileURL} from 'node:url'
import {AssertionFailed} from '../util/assert.js'

/** Addresses, as stack frames have them, below which the code of these modules is. */
export function foldersOfActions(actions: readonly string[]): readonly string[] {
  return actions.map((path) => {
    const folder = /\.[cm]?js$/.test(path) ? dirname(resolve(path)) : resolve(path)
    return `${pathToFileURL(existing(folder)).href}/`
  })
}

/**
 * Whether a rejection that nobody handled comes from action modules: the code it happened in is
 * theirs, or there is none to be seen, which none of wsmesh's own errors has.
 */
export function isOfActions(reason: unknown, folders: readonly string[]): boolean {
  if (folders.length === 0 || reason instanceof AssertionFailed) return false
  if (!(reason instanceof Error)) return true
  const frames = (reason.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const frame = frames.find((line) => /file:\/\/|[(\s]\//.test(line))
  return frame === undefined || folders.some((folder) => frame.includes(folder))
}

function existing(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Loading the module says what is wrong with its path.
    return path
  }
}
