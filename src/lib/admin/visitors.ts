/**
 * Who may look and who may act. A link with a token in its fragment, which browsers never send, is
 * exchanged once in each browser for a cookie that no script can read.
 */
import {createHash, randomBytes, timingSafeEqual} from 'node:crypto'
import {cookieOf} from '../auth/cookies.js'
import type {Role} from './wire.js'

const TOKEN_BYTES = 24
/** Browsers that are logged in at once; the oldest goes for the next. */
const SESSIONS_MAX = 100
/** A browser logs in again after so long. */
const SESSION_MS = 12 * 3_600_000

export interface Visitor {
  readonly role: Role
  /** Names it in the audit lines: not the cookie, nor anything to be it with. */
  readonly label: string
}

interface Session extends Visitor {
  readonly endMs: number
}

export class Visitors {
  /** For the links; the operator's is undefined under --read-only. */
  readonly tokens: {readonly operator: string | undefined; readonly viewer: string}
  readonly #cookieName: string
  readonly #now: () => number
  /** By the hash of the cookie: what is in memory opens no door. */
  readonly #sessions = new Map<string, Session>()
  #count = 0

  constructor(options: {
    readonly isReadOnly: boolean
    /** Cookies are of a host, whatever its port: the name keeps two admins apart. */
    readonly port: number
    readonly now: () => number
  }) {
    this.#cookieName = `wsmesh-admin-${options.port}`
    this.#now = options.now
    this.tokens = {
      operator: options.isReadOnly ? undefined : newToken(),
      viewer: newToken(),
    }
  }

  /** What to set as a cookie for this token; undefined for one that is none. */
  logIn(token: string, isSecure: boolean): {visitor: Visitor; setCookie: string} | undefined {
    const {operator, viewer} = this.tokens
    const isOperator = operator !== undefined && isSame(token, operator)
    const isViewer = isSame(token, viewer)
    if (!isOperator && !isViewer) return undefined
    const cookie = newToken()
    this.#count += 1
    const role = isOperator ? 'operator' : 'viewer'
    const visitor = {role, label: `${role} ${this.#count}`} as const
    this.#sessions.set(hashOf(cookie), {...visitor, endMs: this.#now() + SESSION_MS})
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= SESSIONS_MAX) break
      this.#sessions.delete(oldest)
    }
    const secure = isSecure ? '; Secure' : ''
    const setCookie =
      `${this.#cookieName}=${cookie}; HttpOnly; SameSite=Strict; Path=/${secure}`
    return {visitor, setCookie}
  }

  /** Who sends this `Cookie` header; undefined: nobody who is logged in. */
  of(header: string | undefined): Visitor | undefined {
    const cookie = cookieOf(header, this.#cookieName)
    if (cookie === undefined) return undefined
    const key = hashOf(cookie)
    const session = this.#sessions.get(key)
    if (session === undefined) return undefined
    if (session.endMs > this.#now()) return session
    this.#sessions.delete(key)
    return undefined
  }
}

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** In a time that tells nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
