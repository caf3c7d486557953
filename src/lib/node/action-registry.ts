/** Which handlers an action has, by the file that they come from. */
import {
  AUTHENTICATION,
  DISCONNECTION,
  ERROR_SUFFIX,
} from '../protocol/client-frame.js'
import {whatIsWrongWithAction} from '../protocol/payload.js'
import {isReservedAction} from '../protocol/published-action.js'
import type {ActionHandler} from './action-api.js'

export interface RegisteredHandler {
  readonly action: string
  readonly handler: ActionHandler
}

interface Route {
  readonly matches: (action: string) => boolean
  readonly handler: ActionHandler
}

export class ActionRegistry {
  readonly #files = new Map<string, readonly RegisteredHandler[]>()
  #byAction = new Map<string, ActionHandler[]>()
  readonly #routes: Route[] = []

  /** The handlers of a file, in place of those that it had. */
  replace(file: string, handlers: readonly RegisteredHandler[]): void {
    this.#files.set(file, handlers)
    this.#index()
  }

  remove(file: string): void {
    this.#files.delete(file)
    this.#index()
  }

  /** Actions of clients that match go to this handler too, unless to one that was routed before. */
  route(matches: (action: string) => boolean, handler: ActionHandler): void {
    this.#routes.push({matches, handler})
  }

  handlersOf(action: string): readonly ActionHandler[] {
    const named = this.#byAction.get(action) ?? []
    if (this.#routes.length === 0 || isReservedAction(action)) return named
    const route = this.#routes.find(({matches}) => matches(action))
    return route === undefined ? named : [...named, route.handler]
  }

  /** The actions of a file that other files have handlers for too, with those files. */
  sharedBy(file: string): ReadonlyMap<string, readonly string[]> {
    const shared = new Map<string, readonly string[]>()
    for (const {action} of this.#files.get(file) ?? []) {
      const others = [...this.#files]
        .filter(([path, handlers]) => path !== file && handlers.some((h) => h.action === action))
        .map(([path]) => path)
      if (others.length > 0) shared.set(action, others)
    }
    return shared
  }

  actions(): readonly string[] {
    return [...this.#byAction.keys()]
  }

  #index(): void {
    this.#byAction = new Map()
    for (const {action, handler} of [...this.#files.values()].flat()) {
      const list = this.#byAction.get(action)
      if (list === undefined) this.#byAction.set(action, [handler])
      else list.push(handler)
    }
  }
}

/** Why nothing can ever be heard under this name; undefined when it can. */
export function whatIsWrongWithSubscription(action: unknown, handler: unknown): string | undefined {
  const wrong = whatIsWrongWithAction(action)
  if (typeof action !== 'string' || wrong !== undefined) {
    return `mesh.on(${describe(action)}, …): ${wrong ?? 'the action is no text'}`
  }
  if (typeof handler !== 'function') {
    return `mesh.on('${action}', …): the handler is ${describe(handler)}, not a function`
  }
  if (action.endsWith(ERROR_SUFFIX)) {
    return `mesh.on('${action}', …): clients never send actions that end in ${ERROR_SUFFIX}`
  }
  if (isReservedAction(action) && action !== AUTHENTICATION && action !== DISCONNECTION) {
    return `mesh.on('${action}', …): of Client/… there are ${AUTHENTICATION} and ${DISCONNECTION}`
  }
  return undefined
}

/** A value as an error names it: "an object", "undefined". */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  const type = Array.isArray(value) ? 'array' : typeof value
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}
