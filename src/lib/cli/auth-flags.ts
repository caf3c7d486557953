import {Flags} from '@oclif/core'

import {whatIsWrongWithProperty} from '../auth/claims.js'
import type {AuthKind, AuthOptions} from '../node/open-authenticators.js'
import {WsmeshError} from '../util/errors.js'
import {durationFlag, repeatable} from './flags.js'
import {checkedHttpUrl} from './http-url.js'

const HOUR_MS = 3_600_000

/** Who clients are, and which of them may come: flags of `serve`. */
export function authFlags() {
  const helpGroup = 'IDENTITY'
  return {
    'auth-token': Flags.boolean({
      helpGroup, summary: 'signed tokens (on unless only other --auth-* are given)',
    }),
    'token-key': repeatable({
      helpGroup, helpValue: 'FILE|URL',
      summary: "keys of others' tokens: public PEM or JWK, JWK set or its URL, HS256 secret",
    }),
    'token-issuer': textFlag('TOKEN_ISSUER', 'TEXT', 'iss of the tokens of --token-key'),
    'token-audience': textFlag('TOKEN_AUDIENCE', 'TEXT', 'aud of the tokens of --token-key'),
    'token-leeway': durationFlag({
      helpGroup, env: 'WSMESH_TOKEN_LEEWAY', default: 0, minMs: 0, maxMs: HOUR_MS,
      summary: 'how far the clock of who signs may be off',
    }),
    claim: repeatable({
      helpGroup, helpValue: 'NAME=CLAIM',
      summary: 'user=uid, groups=realm_access.roles, or another name for filters',
    }),
    'auth-sql': textFlag(
      'AUTH_SQL', 'QUERY', "sessions of the application's database: SELECT … WHERE id = :session",
    ),
    'auth-sql-url': textFlag('AUTH_SQL_URL', 'URL', 'that database: mysql://reader@host/database'),
    'auth-url': textFlag('AUTH_URL', 'URL', 'a page of the application that says who a client is'),
    'auth-url-method': Flags.option({
      helpGroup, env: 'WSMESH_AUTH_URL_METHOD', options: ['post', 'get'] as const, default: 'post',
      helpValue: 'post|get', summary: "post: JSON; get: the client's headers, as auth_request",
    })(),
    'auth-cache': durationFlag({
      helpGroup, env: 'WSMESH_AUTH_CACHE', default: 5000, minMs: 0, maxMs: HOUR_MS,
      summary: 'how long an answer of these two counts',
    }),
    'auth-recheck': durationFlag({
      helpGroup, env: 'WSMESH_AUTH_RECHECK', default: 0, minMs: 0, maxMs: 24 * HOUR_MS,
      summary: 'ask again about who is connected; 0s: when the session ends',
    }),
    'session-cookie': textFlag(
      'SESSION_COOKIE', 'NAME', 'this cookie is the session; needs --origin',
    ),
    origin: repeatable({
      helpGroup, helpValue: 'PATTERN', env: 'WSMESH_ORIGIN',
      summary: 'pages that may connect: https://example.com, https://*.example.com',
    }),
    'allow-no-origin': Flags.boolean({
      helpGroup, summary: 'with --session-cookie: clients that are no browsers as well',
    }),
    'trust-proxy': repeatable({
      helpGroup, helpValue: 'CIDR', env: 'WSMESH_TRUST_PROXY',
      summary: 'proxies whose X-Forwarded-For counts',
    }),
  }
}

function textFlag(variable: string, helpValue: string, summary: string) {
  return Flags.custom({
    helpGroup: 'IDENTITY',
    helpValue,
    env: `WSMESH_${variable}`,
    summary,
    async parse(input, _context, options) {
      if (input !== '') return input
      throw new WsmeshError('USAGE', `--${options.name} is empty`, {
        suggestions: [`leave --${options.name} out, or give ${helpValue}`],
      })
    },
  })()
}

/** What authFlags() parse to. */
export interface AuthFlagValues {
  readonly 'auth-token'?: boolean | undefined
  readonly 'token-key'?: readonly string[] | undefined
  readonly 'token-issuer'?: string | undefined
  readonly 'token-audience'?: string | undefined
  readonly 'token-leeway': number
  readonly claim?: readonly string[] | undefined
  readonly 'auth-sql'?: string | undefined
  readonly 'auth-sql-url'?: string | undefined
  readonly 'auth-url'?: string | undefined
  readonly 'auth-url-method': 'post' | 'get'
  readonly 'auth-cache': number
  readonly 'auth-recheck': number
  readonly 'session-cookie'?: string | undefined
  readonly origin?: readonly string[] | string | undefined
  readonly 'allow-no-origin'?: boolean | undefined
  readonly 'trust-proxy'?: readonly string[] | string | undefined
}

/** Throws USAGE for flags that do not go together. */
export function authOptionsOf(flags: AuthFlagValues, argv: readonly string[]): AuthOptions {
  const order = orderOf(flags, argv)
  checkTogether(flags, order)
  return {
    order,
    tokenKeys: flags['token-key'] ?? [],
    issuer: flags['token-issuer'],
    audience: flags['token-audience'],
    leewayMs: flags['token-leeway'],
    claims: Object.fromEntries((flags.claim ?? []).map(claimOf)),
    sqlQuery: flags['auth-sql'],
    sqlUrl: flags['auth-sql-url'],
    url: authUrlOf(flags['auth-url']),
    urlMethod: flags['auth-url-method'],
    cacheMs: flags['auth-cache'],
    recheckMs: flags['auth-recheck'],
    sessionCookie: flags['session-cookie'],
    origins: listOf(flags.origin),
    allowNoOrigin: flags['allow-no-origin'] ?? false,
    trustedProxies: listOf(flags['trust-proxy']),
  }
}

/** A variable of the environment comes as one text, with commas between several. */
function listOf(given: readonly string[] | string | undefined): readonly string[] {
  return [given ?? []].flat().flatMap((text) => text.split(',')).map((text) => text.trim())
}

const KINDS: readonly AuthKind[] = ['token', 'sql', 'url']

/** Those of the command line as they stand there, then those of variables and the file. */
function orderOf(flags: AuthFlagValues, argv: readonly string[]): readonly AuthKind[] {
  const placeOf = (kind: AuthKind): number => {
    const at = argv.findIndex((word) => word.split('=')[0] === `--auth-${kind}`)
    return at < 0 ? argv.length : at
  }
  const given = KINDS.filter((kind) => Boolean(flags[`auth-${kind}`]))
  return given.length === 0 ? ['token'] : given.toSorted((a, b) => placeOf(a) - placeOf(b))
}

const TOKEN_FLAGS = ['token-key', 'token-issuer', 'token-audience', 'claim'] as const

function checkTogether(flags: AuthFlagValues, order: readonly AuthKind[]): void {
  const idle = TOKEN_FLAGS.find((flag) => flags[flag] !== undefined)
  if (idle !== undefined && !order.includes('token')) {
    const others = order.map((kind) => `--auth-${kind}`).join(' and ')
    throw new WsmeshError('USAGE', `--${idle} is of no use: with ${others} alone no token counts`, {
      suggestions: ['--auth-token   (tokens as well)'],
    })
  }
  const named = TOKEN_FLAGS.slice(1).find((flag) => flags[flag] !== undefined)
  if (named !== undefined && flags['token-key'] === undefined) {
    throw new WsmeshError(
      'USAGE',
      `--${named} is of no use without --token-key: the mesh's own tokens need none`,
      {suggestions: [`--token-key FILE --${named} …`]},
    )
  }
  if ((flags['auth-sql'] === undefined) !== (flags['auth-sql-url'] === undefined)) {
    throw new WsmeshError('USAGE', '--auth-sql and --auth-sql-url are given together', {
      suggestions: ["WSMESH_AUTH_SQL_URL=mysql://reader:…@host/app wsmesh serve --auth-sql '…'"],
    })
  }
}

function claimOf(text: string): [name: string, claim: string] {
  const at = text.indexOf('=')
  const [name, claim] = [text.slice(0, at), text.slice(at + 1)]
  const isOwn = name === 'user' || name === 'session'
  if (at > 0 && claim !== '' && (isOwn || whatIsWrongWithProperty(name, 'x') === undefined)) {
    return [name, claim]
  }
  throw new WsmeshError('USAGE', `--claim ${JSON.stringify(text)} is not NAME=CLAIM`, {
    suggestions: ['--claim user=uid', '--claim groups=realm_access.roles', '--claim plan=plan'],
  })
}

function authUrlOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : checkedHttpUrl(text, '--auth-url', '/wsmesh-auth.php')
}
