/** What lines of SHOW GRANTS allow, as MySQL and MariaDB write them. */

export interface GrantQuery {
  readonly grants: readonly string[]
  readonly database: string
  /** Names of tables, all of which must be allowed. */
  readonly tables: readonly string[]
  readonly needed: readonly string[]
}

/** Those of `needed` that some table lacks, or undefined where roles may give more than is seen. */
export function missingPrivileges(query: GrantQuery): readonly string[] | undefined {
  const given = query.grants.flatMap((line) => parseGrant(line) ?? [])
  const missing = query.needed.filter((privilege) =>
    query.tables.some((table) => !given.some((grant) =>
      grant.privileges.has('ALL PRIVILEGES') || grant.privileges.has(privilege)
        ? covers(grant, query.database, table)
        : false,
    )),
  )
  const hasRole = query.grants.some((line) => /^GRANT [`'"]?[\w-]+[`'"]?(@\S+)? TO /i.test(line))
  return missing.length > 0 && hasRole ? undefined : missing
}

interface Grant {
  readonly privileges: ReadonlySet<string>
  /** A LIKE pattern. */
  readonly database: string
  readonly table: string
}

const GRANT = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)+`)\.(\*|`(?:[^`]|``)+`) TO /i

function parseGrant(line: string): Grant | undefined {
  const found = GRANT.exec(line)
  if (found === null) return undefined
  const [, privileges = '', database = '', table = ''] = found
  return {
    // What is granted on columns alone has them in brackets: it is none of the table.
    privileges: new Set(privileges.split(/,\s*(?![^(]*\))/).map((each) => each.toUpperCase())),
    database: unquoted(database),
    table: unquoted(table),
  }
}

function unquoted(name: string): string {
  return name === '*' ? '*' : name.slice(1, -1).replaceAll('``', '`')
}

function covers(grant: Grant, database: string, table: string): boolean {
  const isDatabase = grant.database === '*' || likeToRegExp(grant.database).test(database)
  return isDatabase && (grant.table === '*' || grant.table === table)
}

/** Databases of a grant are patterns: `app\_1`, `app%`. */
function likeToRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\?./gs, (text) => {
    if (text === '%') return '.*'
    if (text === '_') return '.'
    const character = text.length === 2 ? text.slice(1) : text
    return character.replace(/[.*+?^${}()|[\]\\]/, '\\$&')
  })
  return new RegExp(`^${source}$`)
}
