/** The application's own query for sessions, with named placeholders: read once, at the start. */
import {WsmeshError} from '../util/errors.js'

/** What a query may ask of a client. */
const PLACEHOLDERS = ['session', 'user_agent', 'ip', 'language', 'now'] as const

export type Placeholder = (typeof PLACEHOLDERS)[number]

export interface SqlQuery {
  /** With `?` for each placeholder. */
  readonly sql: string
  /** What stands for each of them, in their order. */
  readonly names: readonly Placeholder[]
}

/** Texts and comments, which stay as they are; a placeholder; or one of what may not be there. */
const TEXTS = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`/
const COMMENTS = /(?:--\s|#)[^\n]*|\/\*.*?\*\//
const PARTS = new RegExp(`${TEXTS.source}|${COMMENTS.source}|:([a-z_]+)\\b|[?;]`, 'gis')

const EXAMPLE =
  "--auth-sql 'SELECT id AS session, user_id AS user, expires AS session_expire FROM sessions " +
  "WHERE id = :session AND expires > :now'"

/** Throws CONFIG_INVALID. */
export function parseSqlQuery(text: string): SqlQuery {
  const query = text.trim().replace(/\s*;$/, '')
  if (!/^(select|with)\b/i.test(query)) throw invalid('it is no SELECT')
  const names: Placeholder[] = []
  const sql = query.replaceAll(PARTS, (part: string, name: string | undefined) => {
    if (part === '?') throw invalid('it has a ?: placeholders have names')
    if (part === ';') throw invalid('it has a ;: one SELECT is allowed')
    if (name === undefined) return part
    const placeholder = PLACEHOLDERS.find((each) => each === name)
    if (placeholder === undefined) {
      const known = PLACEHOLDERS.map((each) => `:${each}`).join(', ')
      throw invalid(`:${name} is no placeholder: ${known}`)
    }
    names.push(placeholder)
    return '?'
  })
  // Without it, whoever comes would be whom the first row names.
  if (!names.includes('session')) throw invalid('it has no :session, so it would let everybody in')
  return {sql, names}
}

function invalid(why: string): WsmeshError {
  return new WsmeshError('CONFIG_INVALID', `Cannot use the query of --auth-sql: ${why}`, {
    suggestions: [EXAMPLE],
  })
}
