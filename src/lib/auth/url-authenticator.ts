/**
 * The application itself says who a client is: POST with what is known of the client as JSON, or
 * GET with the client's own headers, as nginx's auth_request asks. 200 with JSON lets in, 401 and
 * 403 do not, anything else is a failure of the application: nobody knows.
 */
import {isRecord, parseJson} from '../protocol/json-text.js'
import {idFromJson} from '../protocol/target.js'
import {askHttp} from './ask-http.js'
import type {HttpQuestion} from './ask-http.js'
import {refused} from './authenticator.js'
import type {Authenticator, Proof, Verdict} from './authenticator.js'
import {readClaims} from './claims.js'
import {describeFailure} from './describe-failure.js'
import {expiryOf} from './expiry.js'
import type {Guard} from './guard.js'
import type {VerdictCache} from './verdict-cache.js'

const BODY_BYTES_MAX = 64 * 1024

export interface UrlAuthenticatorOptions {
  readonly url: string
  readonly method: 'post' | 'get'
  readonly timeoutMs: number
  readonly guard: Guard
  readonly cache: VerdictCache
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
}

export function urlAuthenticator(options: UrlAuthenticatorOptions): Authenticator {
  const {guard, cache} = options
  const ask = async (proof: Proof): Promise<Verdict> => {
    try {
      return await guard.ask(() => question(proof, options))
    } catch (error) {
      return {type: 'unavailable', reason: describeFailure(error)}
    }
  }
  return {
    wants: 'a session',
    check(proof) {
      const {token, session, userAgent, language, address, path, cookie} = proof
      // Without any of these there is nothing that says who it is.
      if (token === undefined && session === undefined && cookie === undefined) {
        return Promise.resolve({type: 'not-mine'})
      }
      const given = [token, session, userAgent, language, address, path, cookie]
      return cache.get(given, () => ask(proof))
    },
    forget: (isMeant) => cache.forget(isMeant),
  }
}

function isYes(status: number): boolean {
  return status === 200
}

async function question(proof: Proof, options: UrlAuthenticatorOptions): Promise<Verdict> {
  const {url, method, timeoutMs, wallClock} = options
  const signal = AbortSignal.timeout(timeoutMs)
  const asked = method === 'post' ? posted(proof) : got(proof)
  // A redirect is an answer: to a page where people log in, and nobody is there to see it.
  const {status, body} = await askHttp(url, {
    ...asked, signal, bytesMax: BODY_BYTES_MAX, isRead: isYes,
  })
  if (status === 401 || status === 403) {
    return refused(status, 'the application does not let this client in')
  }
  if (status !== 200) throw new Error(`it answers ${status}`)
  return readAnswer(body, proof, wallClock())
}

type Asked = Pick<HttpQuestion, 'method' | 'headers' | 'body'>

function posted({session, token, userAgent, language, address, cookie, path}: Proof): Asked {
  const known = {session, token, user_agent: userAgent, language, ip: address, cookie, path}
  return {
    method: 'POST',
    headers: {'content-type': 'application/json', accept: 'application/json'},
    body: JSON.stringify(known),
  }
}

function got({session, token, userAgent, language, address, cookie, path}: Proof): Asked {
  const headers: Record<string, string | undefined> = {
    accept: 'application/json',
    cookie,
    'user-agent': userAgent,
    'accept-language': language,
    authorization: token === undefined ? undefined : `Bearer ${token}`,
    'x-session': session,
    'x-real-ip': address,
    'x-forwarded-for': address,
    'x-original-uri': path,
  }
  // What a client wrote may not be a header's text: it is left out rather than a failure.
  const fitting = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value !== undefined && /^[\x20-\x7e\t]*$/.test(value) ? [[name, value]] : [],
  )
  return {method: 'GET', headers: Object.fromEntries(fitting)}
}

/** Throws for what is no answer: the application does not do what it was asked to. */
function readAnswer(body: string, proof: Proof, nowMs: number): Verdict {
  const json = parseJson(body)
  if (!json.ok || !isRecord(json.value)) throw new Error('its answer is no JSON object')
  const {user, groups, session, language, session_expire, properties} = json.value
  if (properties !== undefined && properties !== null && !isRecord(properties)) {
    throw new Error('in its answer properties is no object')
  }
  // A visitor's: where guests are let in, this is one.
  if (user === null) return {type: 'not-mine'}
  const expiresAtMs = expiryOf(session_expire)
  if (expiresAtMs === undefined) {
    throw new Error('in its answer session_expire is no number of seconds since 1970')
  }
  // What proved the session is its id where it can be one: an encrypted cookie cannot.
  const own = session ?? idFromJson(proof.session)
  const read = readClaims({user, groups, session: own, language, properties: properties ?? {}})
  if (!read.ok) throw new Error(`in its answer ${read.field} ${read.reason}`)
  if (expiresAtMs <= nowMs) return refused(403, 'the session has ended')
  return {type: 'known', claims: read.claims, expiresAtMs, isLive: true}
}
