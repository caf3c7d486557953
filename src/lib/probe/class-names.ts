/** Names of objects' classes, read without running a getter or trap of the program's. */
import {types} from 'node:util'

/** Distinct names of plain objects and of functions; the rest are one class. */
const NAMES_MAX = 20_000
const KEYS_MAX = 6
const NAME_LENGTH_MAX = 80
/** An object with more keys is a dictionary: its keys are data. */
const DICTIONARY_KEYS = 24

export class ClassNames {
  readonly #byPrototype = new Map<object | null, string>()
  readonly #names = new Set<string>()

  nameOf(item: object): string {
    if (types.isProxy(item)) return 'Proxy'
    if (typeof item === 'function') return this.#within(functionName(item), 'function')
    const prototype = prototypeOf(item)
    if (prototype === Object.prototype) return this.#within(shapeOf(item), DICTIONARY)
    const known = this.#byPrototype.get(prototype)
    if (known !== undefined) return known
    const name = constructorName(prototype)
    this.#byPrototype.set(prototype, name)
    return name
  }

  #within(name: string, other: string): string {
    if (this.#names.has(name)) return name
    if (this.#names.size >= NAMES_MAX) return other
    this.#names.add(name)
    return name
  }
}

const DICTIONARY = 'Object {…}'

/** Of plain objects each set of keys is a class. */
function shapeOf(item: object): string {
  const keys = Object.keys(item)
  if (keys.length > DICTIONARY_KEYS || keys.some((key) => /^\d/.test(key))) return DICTIONARY
  const shown = keys.slice(0, KEYS_MAX).join(', ')
  return cut(`{${shown}${keys.length > KEYS_MAX ? ', …' : ''}}`)
}

function functionName(item: object): string {
  const name = ownValue(item, 'name')
  return typeof name === 'string' && name !== '' ? cut(`function ${name}`) : 'function'
}

function constructorName(prototype: object | null): string {
  for (let at = prototype; at !== null; at = prototypeOf(at)) {
    if (types.isProxy(at)) return 'Proxy'
    const made = ownValue(at, 'constructor')
    const name = typeof made === 'function' ? ownValue(made, 'name') : undefined
    if (typeof name === 'string' && name !== '') return cut(name)
  }
  return 'Object'
}

function prototypeOf(item: object): object | null {
  const prototype: unknown = Object.getPrototypeOf(item)
  const isThere = typeof prototype === 'object' || typeof prototype === 'function'
  return isThere ? prototype : null
}

export function ownValue(item: object, key: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(item, key)?.value
}

export function cut(name: string): string {
  return name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX - 1)}…` : name
}
