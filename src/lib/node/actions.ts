/** The action modules of a node: files as they are at the start, folders as they become. */
import {stat} from 'node:fs/promises'
import {watchActionFolder} from './action-folder.js'
import type {ActionFolder} from './action-folder.js'
import {loadActionFile} from './action-loader.js'
import type {LoaderOptions} from './action-loader.js'
import type {Log} from './log.js'

export interface LoadedActions {
  /** Stops watching folders. Handlers stay. */
  close(): void
}

/** Throws FILE_UNREADABLE or ACTIONS_INVALID of the first that cannot be had. */
export async function loadActions(
  paths: readonly string[],
  options: LoaderOptions & {readonly log: Log},
): Promise<LoadedActions> {
  const folders: ActionFolder[] = []
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (isFolder) folders.push(await watchActionFolder(path, options, options.log))
    else await loadActionFile(path, options)
  }
  return {
    close() {
      for (const folder of folders) folder.close()
    },
  }
}
