/**
 * What is wrong with a value by a JSON Schema: as much of it as the API's document uses. A keyword
 * that is not known here throws, so that nothing is left unchecked.
 */
export type Schema = Readonly<Record<string, unknown>>

export function whatIsWrong(value: unknown, schema: Schema, root: Schema, at = '$'): string[] {
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    const check = KEYWORDS[keyword]
    if (check === undefined) throw new Error(`JSON Schema: ${keyword} is not known here`)
    return check({value, wanted, schema, root, at})
  })
}

interface Check {
  readonly value: unknown
  readonly wanted: unknown
  readonly schema: Schema
  readonly root: Schema
  readonly at: string
}

const KEYWORDS: Readonly<Record<string, (check: Check) => string[]>> = {
  description: () => [],
  default: () => [],
  $ref: ({value, wanted, root, at}) => whatIsWrong(value, resolve(String(wanted), root), root, at),
  type: ({value, wanted, at}) => {
    const types = [wanted].flat() as string[]
    return types.some((type) => isOfType(value, type)) ? [] : [`${at}: ${typeOf(value)}, not ${types.join(' or ')}`]
  },
  const: ({value, wanted, at}) => (value === wanted ? [] : [`${at}: not ${String(wanted)}`]),
  enum: ({value, wanted, at}) =>
    (wanted as unknown[]).includes(value) ? [] : [`${at}: none of ${String(wanted)}`],
  oneOf: ({value, wanted, root, at}) => {
    const tries = (wanted as Schema[]).map((each) => whatIsWrong(value, each, root, at))
    const fits = tries.filter((wrong) => wrong.length === 0).length
    return fits === 1 ? [] : [`${at}: fits ${fits} of oneOf: ${tries.flat().join('; ')}`]
  },
  properties: ({value, wanted, root, at}) => {
    if (!isObject(value)) return []
    return Object.entries(wanted as Record<string, Schema>).flatMap(([name, schema]) =>
      Object.hasOwn(value, name) ? whatIsWrong(value[name], schema, root, `${at}.${name}`) : [])
  },
  required: ({value, wanted, at}) => {
    if (!isObject(value)) return []
    return (wanted as string[]).filter((name) => !Object.hasOwn(value, name))
      .map((name) => `${at}.${name} is missing`)
  },
  additionalProperties: ({value, wanted, schema, root, at}) => {
    if (!isObject(value)) return []
    const named = Object.keys(schema['properties'] ?? {})
    return Object.keys(value).filter((name) => !named.includes(name)).flatMap((name) =>
      wanted === false
        ? [`${at}.${name} is not documented`]
        : whatIsWrong(value[name], wanted as Schema, root, `${at}.${name}`))
  },
  items: ({value, wanted, root, at}) => Array.isArray(value)
    ? value.flatMap((item, n) => whatIsWrong(item, wanted as Schema, root, `${at}[${n}]`)) : [],
  minimum: ({value, wanted, at}) =>
    typeof value === 'number' && value < Number(wanted) ? [`${at}: below ${String(wanted)}`] : [],
  maximum: ({value, wanted, at}) =>
    typeof value === 'number' && value > Number(wanted) ? [`${at}: above ${String(wanted)}`] : [],
  minLength: ({value, wanted, at}) =>
    typeof value === 'string' && value.length < Number(wanted) ? [`${at}: too short`] : [],
  maxLength: ({value, wanted, at}) =>
    typeof value === 'string' && value.length > Number(wanted) ? [`${at}: too long`] : [],
  minItems: ({value, wanted, at}) =>
    Array.isArray(value) && value.length < Number(wanted) ? [`${at}: too few`] : [],
  maxItems: ({value, wanted, at}) =>
    Array.isArray(value) && value.length > Number(wanted) ? [`${at}: too many`] : [],
  minProperties: ({value, wanted, at}) =>
    isObject(value) && Object.keys(value).length < Number(wanted) ? [`${at}: too few`] : [],
  maxProperties: ({value, wanted, at}) =>
    isObject(value) && Object.keys(value).length > Number(wanted) ? [`${at}: too many`] : [],
}

function resolve(reference: string, root: Schema): Schema {
  let found: unknown = root
  for (const name of reference.replace('#/', '').split('/')) {
    found = isObject(found) ? found[name] : undefined
  }
  if (!isObject(found)) throw new Error(`${reference} leads nowhere`)
  return found
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value)
  return typeOf(value) === type
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeOf(value) === 'object'
}
