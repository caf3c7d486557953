import {describeJson, isRecord} from './json-text.js'

/**
 * What a JSON value must look like: says what is wrong, or nothing. `T` is what a value is then
 * known to be; the compiler holds the fields of `object` against the interface.
 */
export interface Shape<T> {
  (value: unknown): string | undefined
  /** Never there: only so that Shape<A> is not Shape<B>. */
  readonly of?: T
}

export function conforms<T>(shape: Shape<T>, value: unknown): value is T {
  return shape(value) === undefined
}

export const anything: Shape<unknown> = () => undefined

export const text: Shape<string> = (value) =>
  typeof value === 'string' ? undefined : `is ${describeJson(value)}, not text`

export const flag: Shape<boolean> = (value) =>
  typeof value === 'boolean' ? undefined : `is ${describeJson(value)}, not true or false`

export const number: Shape<number> = (value) =>
  typeof value === 'number' ? undefined : `is ${describeJson(value)}, not a number`

/** A whole number from 0 to 2^53 - 1. */
export const count: Shape<number> = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0
    ? undefined
    : `is ${describeJson(value)}, not a whole number from 0`

export function literal<const T extends string | boolean>(...allowed: readonly T[]): Shape<T> {
  return (value) =>
    allowed.some((item) => item === value)
      ? undefined
      : `is ${describeJson(value)}, not ${allowed.map((item) => JSON.stringify(item)).join(' or ')}`
}

/** Text that a guard accepts. */
export function textThat<T extends string>(
  guard: (value: string) => value is T,
  what: string,
): Shape<T> {
  return (value) =>
    typeof value === 'string' && guard(value) ? undefined : `is ${describeJson(value)}, not ${what}`
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? undefined : shape(value))
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return `is ${describeJson(value)}, not a list`
    for (const [index, item] of value.entries()) {
      const wrong = shape(item)
      if (wrong !== undefined) return join(`[${index}]`, wrong)
    }
    return undefined
  }
}

export function recordOf<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isRecord(value)) return `is ${describeJson(value)}, not an object`
    for (const [key, item] of Object.entries(value)) {
      const wrong = shape(item)
      if (wrong !== undefined) return join(key, wrong)
    }
    return undefined
  }
}

type OptionalKeys<T> = {[K in keyof T]-?: undefined extends Pick<T, K>[K] ? K : never}[keyof T]

export interface ObjectOptions<T> {
  /** Fields that may be absent. */
  readonly optional?: readonly OptionalKeys<T>[]
  /** Refuse fields that are not named: requests, where a slip of the pen must not pass. */
  readonly closed?: boolean
}

export function object<T extends object>(
  fields: {readonly [K in keyof T]-?: Shape<Exclude<T[K], undefined>>},
  {optional = [], closed = false}: ObjectOptions<T> = {},
): Shape<T> {
  const shapes = Object.entries<Shape<unknown>>(fields)
  const mayBeAbsent = new Set<PropertyKey>(optional)
  return (value) => {
    if (!isRecord(value)) return `is ${describeJson(value)}, not an object`
    for (const [key, shape] of shapes) {
      if (!Object.hasOwn(value, key)) {
        if (mayBeAbsent.has(key)) continue
        return join(key, 'is missing')
      }
      const wrong = shape(value[key])
      if (wrong !== undefined) return join(key, wrong)
    }
    if (!closed) return undefined
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key))
    return unknown === undefined ? undefined : join(unknown, 'is unknown')
  }
}

/** `a` and `b is missing` to `a.b is missing`; `a` and `is …` to `a is …`. */
function join(key: string, wrong: string): string {
  if (wrong.startsWith('is ')) return `${key} ${wrong}`
  return wrong.startsWith('[') ? `${key}${wrong}` : `${key}.${wrong}`
}
