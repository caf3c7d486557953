/** Which upgrade requests of clients are let through, and what is kept of each. */
import {cookieOf, isCookieName} from '../auth/cookies.js'
import {OriginList} from '../auth/origins.js'
import {TrustedProxies} from '../auth/trusted-proxies.js'
import {LIMITS} from '../protocol/limits.js'
import type {UpgradeRequest} from '../transport/transport.js'
import {WsmeshError} from '../util/errors.js'

/** What is known of a client before it has said a word. */
export interface ClientOrigin {
  /** Its own address, where a proxy that is trusted names it. */
  readonly address: string
  readonly path: string
  readonly userAgent: string | undefined
  /** The value of the session cookie. */
  readonly session: string | undefined
  /** The whole Cookie header, where somebody asks for it. */
  readonly cookie: string | undefined
}

export interface DoorOptions {
  /** Addresses and CIDR blocks of proxies whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[]
  /** Pages that may connect; none: any, since the proof is in the first message. */
  readonly origins: readonly string[]
  /** In cookie mode: whether clients without an Origin, which are no browsers, are let in. */
  readonly allowNoOrigin: boolean
  /** The cookie that is the proof; undefined: cookies prove nothing. */
  readonly sessionCookie: string | undefined
  /** Whether the Cookie header is kept for who asks for it. */
  readonly keepsCookies: boolean
}

export const OPEN_DOOR: DoorOptions = {
  trustedProxies: [],
  origins: [],
  allowNoOrigin: false,
  sessionCookie: undefined,
  keepsCookies: false,
}

export type DoorDecision =
  | {readonly ok: true; readonly origin: ClientOrigin}
  /** Why not, for people; what the request said is not repeated. */
  | {readonly ok: false; readonly reason: string}

export class ClientDoor {
  readonly #options: DoorOptions
  readonly #origins: OriginList
  readonly #proxies: TrustedProxies

  /** Throws CONFIG_INVALID. */
  constructor(options: DoorOptions) {
    const {sessionCookie, origins, trustedProxies} = options
    this.#options = options
    this.#origins = new OriginList(origins)
    this.#proxies = new TrustedProxies(trustedProxies)
    if (sessionCookie === undefined) return
    if (!isCookieName(sessionCookie)) {
      throw new WsmeshError(
        'CONFIG_INVALID',
        `--session-cookie ${JSON.stringify(sessionCookie.slice(0, 100))} can be no cookie's name`,
        {suggestions: ['--session-cookie PHPSESSID']},
      )
    }
    if (this.#origins.isEmpty) throw cookieWithoutOrigin(sessionCookie)
  }

  addressOf({remoteAddress, headers}: Pick<UpgradeRequest, 'remoteAddress' | 'headers'>): string {
    return this.#proxies.clientOf(remoteAddress, headers['x-forwarded-for'])
  }

  admit(request: UpgradeRequest): DoorDecision {
    const {sessionCookie, allowNoOrigin, keepsCookies} = this.#options
    const {headers, path} = request
    const from = headers['origin']
    if (from === undefined) {
      const isRefused = sessionCookie !== undefined && !allowNoOrigin
      if (isRefused) return {ok: false, reason: 'An Origin is needed where a cookie is the proof'}
    } else if (!this.allows(from)) {
      return {ok: false, reason: 'Not for pages of this origin'}
    }
    const cookie = oneText(headers['cookie'])
    const session = sessionCookie === undefined ? undefined : cookieOf(cookie, sessionCookie)
    const isTooLong = session !== undefined && Buffer.byteLength(session) > LIMITS.sessionProofBytes
    const origin = {
      address: this.addressOf(request),
      path,
      userAgent: shared(oneText(headers['user-agent'])),
      session: isTooLong ? undefined : session,
      cookie: keepsCookies ? cookie : undefined,
    }
    return {ok: true, origin}
  }

  /** No origins are named: every page may connect. */
  get isOpen(): boolean {
    return this.#origins.isEmpty
  }

  allows(origin: string | readonly string[]): boolean {
    if (this.isOpen) return true
    return typeof origin === 'string' && this.#origins.allows(origin)
  }
}

function cookieWithoutOrigin(name: string): WsmeshError {
  return new WsmeshError(
    'CONFIG_INVALID',
    `--session-cookie ${name} needs --origin: browsers send cookies with any page's WebSocket`,
    {
      cause: new Error('without it a foreign page could connect as whoever looks at it'),
      suggestions: [`--session-cookie ${name} --origin https://example.com`],
    },
  )
}

function oneText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

const SHARED_MAX = 1000
const sharedTexts = new Map<string, string>()

/** Thousands of clients have the same browser: its name is kept once. */
function shared(text: string | undefined): string | undefined {
  if (text === undefined || Buffer.byteLength(text) > LIMITS.userAgentBytes) return undefined
  const known = sharedTexts.get(text)
  if (known !== undefined) return known
  if (sharedTexts.size >= SHARED_MAX) sharedTexts.clear()
  sharedTexts.set(text, text)
  return text
}
