/** Action modules from files and folders. */
import {stat} from 'node:fs/promises'
import {resolve} from 'node:path'
import {pathToFileURL} from 'node:url'
import {isReservedAction} from '../protocol/published-action.js'
import {WsmeshError} from '../util/errors.js'
import type {ActionHandler, ActionMesh, SendMessage} from './action-api.js'
import {describe, whatIsWrongWithSubscription} from './action-registry.js'
import type {ActionRegistry, RegisteredHandler} from './action-registry.js'
import type {Log} from './log.js'

export interface LoaderOptions {
  readonly registry: ActionRegistry
  readonly node: string
  readonly send: SendMessage
  /** Told of what works, but is hardly meant. */
  readonly log?: Log
}

/**
 * Loads a module and gives its handlers to the registry, in place of those that the file had. With
 * a `version` that was not used before the file is read again. Throws FILE_UNREADABLE or
 * ACTIONS_INVALID, with the old handlers still in place.
 */
export async function loadActionFile(
  file: string,
  options: LoaderOptions,
  version?: number,
): Promise<void> {
  const path = resolve(file)
  await assertFile(path)
  const url = pathToFileURL(path)
  if (version !== undefined) url.searchParams.set('version', String(version))
  const handlers = await collectHandlers(path, await importModule(path, url.href), options)
  options.registry.replace(path, handlers)
  for (const [action, others] of options.registry.sharedBy(path)) {
    if (isReservedAction(action)) continue
    const also = others.join(', ')
    options.log?.warn('Two files handle the same action: both run', {action, file: path, also})
  }
}

async function assertFile(path: string): Promise<void> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    (error: unknown) => {
      throw new WsmeshError('FILE_UNREADABLE', `Cannot read the actions in ${path}`, {
        cause: error,
        suggestions: ['Check the path: --actions FILE is relative to the current folder'],
      })
    },
  )
  if (!isFile) throw new WsmeshError('FILE_UNREADABLE', `The actions in ${path} are not a file`)
}

async function importModule(path: string, url: string): Promise<unknown> {
  try {
    const namespace: unknown = await import(url)
    return namespace
  } catch (error) {
    throw new WsmeshError('ACTIONS_INVALID', `The actions in ${path} cannot be loaded`, {
      cause: error,
      suggestions: [`See the whole error: node ${path}`],
    })
  }
}

async function collectHandlers(
  path: string,
  namespace: unknown,
  options: LoaderOptions,
): Promise<readonly RegisteredHandler[]> {
  const found = exportOf(namespace)
  if (typeof found !== 'function') {
    throw invalid(path, `has ${whatIsExported(namespace)}, not a function as default export`)
  }
  const handlers: RegisteredHandler[] = []
  let isOpen = true
  const mesh: ActionMesh = {
    node: options.node,
    send: options.send,
    on(action: string, handler: ActionHandler) {
      const wrong = whatIsWrongWithSubscription(action, handler)
      if (wrong !== undefined) throw invalid(path, wrong)
      if (!isOpen) throw invalid(path, `mesh.on('${action}', …) after the module was loaded`)
      handlers.push({action, handler})
    },
  }
  try {
    await found(mesh)
  } catch (error) {
    if (error instanceof WsmeshError && error.code === 'ACTIONS_INVALID') throw error
    throw new WsmeshError('ACTIONS_INVALID', `The actions in ${path} failed to start`, {
      cause: error,
    })
  } finally {
    isOpen = false
  }
  if (handlers.length === 0) throw invalid(path, 'calls mesh.on for no action')
  return handlers
}

function exportOf(namespace: unknown): unknown {
  return typeof namespace === 'object' && namespace !== null && 'default' in namespace
    ? namespace.default
    : undefined
}

function whatIsExported(namespace: unknown): string {
  const names = typeof namespace === 'object' && namespace !== null ? Object.keys(namespace) : []
  if (names.includes('default')) return describe(exportOf(namespace))
  return names.length === 0 ? 'no exports' : `exports named ${names.join(', ')}`
}

function invalid(path: string, what: string): WsmeshError {
  return new WsmeshError('ACTIONS_INVALID', `The actions in ${path}: it ${what}`, {
    suggestions: ["export default (mesh) => { mesh.on('hello', async ({details, reply}) => {…}) }"],
  })
}
