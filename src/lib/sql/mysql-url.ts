/** What a mysql:// URL says, checked before anything is opened. */
import {isAbsolute} from 'node:path'

/** Where a database is, and as whom to enter. */
export interface MysqlPlace {
  readonly host: string
  readonly port: number
  /** Instead of host and port. */
  readonly socketPath: string | undefined
  readonly user: string
  readonly password: string
  readonly database: string
}

export const MYSQL_URL_EXAMPLE = 'mysql://user:password@host:3306/database'

export type MysqlUrlRead =
  | {readonly ok: true; readonly place: MysqlPlace; readonly options: URLSearchParams}
  /** Why it is none, without a word of the URL. */
  | {readonly ok: false; readonly why: string; readonly suggestions: readonly string[]}

/** `options` are what follows the `?`, besides socketPath: the caller's to read. */
export function readMysqlUrl(url: string): MysqlUrlRead {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^(mysql|mariadb):$/.test(parsed.protocol) || parsed.hostname === '') {
    return refused('it is no URL with a host (: / @ # ? in a password are written %3A %2F'
      + ' %40 %23 %3F; with a socket the host is localhost)')
  }
  if (parsed.hash !== '') return refused('it has a #; in a password that is written %23')
  const database = decoded(parsed.pathname.slice(1))
  const user = decoded(parsed.username)
  const password = decoded(parsed.password)
  for (const [what, part] of Object.entries({database, user, password})) {
    // The decoder's error repeats the text, which may be the password: it is not kept.
    if (part === undefined) {
      return refused(`its ${what} has a % that is no escape`, 'Write % as %25')
    }
  }
  if (!/^[^/]{1,64}$/.test(database ?? '')) {
    return refused(
      database === '' ? 'it names no database' : 'what follows the host is no database name',
      `${MYSQL_URL_EXAMPLE}   (in a password / is written %2F, @ %40)`,
    )
  }
  const options = parsed.searchParams
  const socketPath = options.get('socketPath') ?? undefined
  options.delete('socketPath')
  if (socketPath !== undefined && !isAbsolute(socketPath)) {
    return refused('socketPath is no absolute path', '?socketPath=/run/mysqld/mysqld.sock')
  }
  const place = {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    socketPath,
    user: user ?? '',
    password: password ?? '',
    database: database ?? '',
  }
  return {ok: true, place, options}
}

/** For people: the socket, or host and port. */
export function placeText({host, port, socketPath}: MysqlPlace): string {
  return socketPath ?? (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function refused(why: string, suggestion = MYSQL_URL_EXAMPLE): MysqlUrlRead {
  return {ok: false, why, suggestions: [suggestion]}
}
