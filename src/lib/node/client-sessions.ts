/** What clients say: who they are first, then actions (design.md section 5). */
import type {Proof} from '../auth/authenticator.js'
import {answeredPosition} from '../mesh/coming-back.js'
import {arrayProofOf, isActionName} from '../protocol/array-form.js'
import {
  AUTHENTICATION,
  decodeAuthentication,
  decodeClientFrame,
  encodePosition,
  POSITION,
} from '../protocol/client-frame.js'
import type {AuthenticationRequest, ClientFrame} from '../protocol/client-frame.js'
import {badFrame} from '../protocol/decoded.js'
import type {Violation} from '../protocol/decoded.js'
import {LIMITS} from '../protocol/limits.js'
import {formatPosition, parsePosition} from '../protocol/position.js'
import type {Position} from '../protocol/position.js'
import {isReservedAction} from '../protocol/published-action.js'
import type {ActionDispatcher} from './action-dispatcher.js'
import {sayAuthenticated, sayError} from './answers.js'
import {identityOf, proofOf} from './authenticate.js'
import type {AuthenticationVerdict} from './authenticate.js'
import type {ClientConnection} from './client-connection.js'
import type {ClientRegistry} from './client-registry.js'
import type {Counters} from './counters.js'
import type {NodeLimits} from './limits.js'
import type {Log} from './log.js'
import type {Pace} from './pace.js'
import type {LiveIdentity} from './live-identity.js'
import type {Resuming} from './resuming.js'

type Admission = Extract<AuthenticationVerdict, {readonly ok: true}>

/** Frames that may wait while a proof is checked. */
const HELD_FRAMES_MAX = 64

/** So often somebody's groups may change while what is for them is sought. */
const READIED_TURNS_MAX = 4

const UNREADY: AuthenticationVerdict = {
  ok: false, status: 503, text: 'Messages for you cannot be had here now: try again later',
}

const INCOMPLETE = badFrame('A session, its user_agent and its language are needed')

export interface SessionsOptions {
  readonly node: string
  readonly registry: ClientRegistry
  readonly live: LiveIdentity
  readonly dispatcher: ActionDispatcher
  readonly counters: Counters
  /** The last position delivered here; undefined while there is none. */
  readonly position: () => Position | undefined
  readonly resuming: Resuming
  readonly limits: NodeLimits
  readonly pace: Pace
  /** Whether traces are carried. */
  readonly isTraced: boolean
  readonly now: () => number
  readonly log: Log
}

export class ClientSessions {
  readonly #options: SessionsOptions
  #hasWarnedOfFrontEnd = false

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  receive(connection: ClientConnection, data: Uint8Array, isBinary: boolean): void {
    this.#options.counters.add('clientFramesIn')
    this.#options.counters.add('clientBytesIn', data.byteLength)
    if (connection.learnsForm(data) && connection.form === 'array') {
      this.#options.counters.add('clientsOf2015')
    }
    if (connection.state.type === 'authenticating' && !isBinary) {
      this.#hold(connection, connection.state.held, data)
      return
    }
    this.#read(connection, data, isBinary)
  }

  /** The transport has answered it; there is nobody to tell that it was one too many. */
  pinged(connection: ClientConnection, bytes: number): void {
    const {pace, now} = this.#options
    if (pace.judge(connection, bytes, now()) === 'close') connection.close('tooMany')
  }

  #read(connection: ClientConnection, data: Uint8Array, isBinary: boolean): void {
    const {limits, pace, now, isTraced} = this.#options
    const verdict = pace.judge(connection, data.byteLength, now())
    if (verdict === 'close') {
      connection.close('tooMany')
      return
    }
    const isKnown = connection.state.type === 'authenticated'
    const {clientFrameBytes, detailsDepth} = limits
    const bytesMax = isKnown ? clientFrameBytes : unknownBytesMax(limits)
    const form = connection.form === 'array' ? 'array' : 'object'
    const read = decodeClientFrame(data, {isBinary, bytesMax, detailsDepth, form, isTraced})
    if (!read.ok) this.#violated(connection, read.violation)
    else if (form === 'array' && isIgnored(read.value, isKnown)) {
      this.#options.counters.add('actionsIgnored')
    } else if (verdict === 'go') this.#handle(connection, read.value, isKnown)
    else this.#fail(connection, read.value, 429, 'Too many actions: slower')
  }

  #violated(connection: ClientConnection, violation: Violation): void {
    const {counters} = this.#options
    counters.add('clientViolations')
    if (violation.close === 'tooBig') counters.add('framesTooBig')
    if (violation.isTooDeep === true) counters.add('framesTooDeep')
    connection.close(violation.close)
  }

  #hold(connection: ClientConnection, held: Uint8Array[], data: Uint8Array): void {
    const {limits} = this.#options
    // Who renews his proof is known, and may say what he might have said before.
    const isKnown = connection.identity !== undefined
    const bytesMax = isKnown ? limits.clientFrameBytes : unknownBytesMax(limits)
    if (held.length >= HELD_FRAMES_MAX || data.length > bytesMax) {
      this.#options.counters.add('clientViolations')
      connection.close(held.length >= HELD_FRAMES_MAX ? 'tooMany' : 'tooBig')
    } else {
      held.push(data)
    }
  }

  #handle(connection: ClientConnection, frame: ClientFrame, isKnown: boolean): void {
    if (frame.action === AUTHENTICATION) {
      this.#beginAuthentication(connection, frame)
    } else if (frame.action === POSITION && isKnown && connection.form === 'v1') {
      this.#tellPosition(connection, frame)
    } else if (isReservedAction(frame.action)) {
      this.#fail(connection, frame, 403, `${frame.action} is an event of the node`)
    } else if (isKnown) {
      if (frame.trace === null) this.#options.counters.add('traceContextsInvalid')
      this.#options.dispatcher.dispatch(connection, frame)
    } else {
      this.#fail(connection, frame, 401, `Send ${AUTHENTICATION} first`)
    }
  }

  /** To a page that wants to know whether its connection is still one. */
  #tellPosition(connection: ClientConnection, frame: ClientFrame): void {
    const position = this.#options.position()
    if (position === undefined) {
      this.#fail(connection, frame, 503, 'This node has no position yet')
      return
    }
    connection.send(encodePosition(formatPosition(position), frame.id))
    connection.told(position.seq, this.#options.now())
  }

  #beginAuthentication(connection: ClientConnection, frame: ClientFrame): void {
    const isArray = connection.form === 'array'
    const details = isArray ? arrayProofOf(frame.details) : frame.details
    const read = details === undefined ? INCOMPLETE : decodeAuthentication(details)
    if (!read.ok) {
      this.#fail(connection, frame, 400, read.violation.reason)
      return
    }
    connection.wantsTrace =
      connection.form === 'v1' && this.#options.isTraced && read.value.wantsTrace === true
    connection.beginAuthentication()
    void this.#authenticate(connection, frame, read.value)
  }

  async #authenticate(
    connection: ClientConnection,
    frame: ClientFrame,
    request: AuthenticationRequest,
  ): Promise<void> {
    const proof = proofOf(request, connection.origin)
    // Who was known before has had everything since; and without positions there is no place.
    const isComingBack = connection.form === 'v1' && connection.identity === undefined
    const resume = isComingBack ? request.resume : undefined
    const verdict = await this.#readied(connection, proof, resume)
    if (connection.isClosed) return
    if (verdict.ok && !this.#hasRoomFor(connection, verdict.claims?.user)) {
      this.#options.counters.add('clientsRefusedUser')
      this.#fail(connection, frame, 429, 'Too many connections of this user')
      connection.close('tooMany')
    } else if (verdict.ok) this.#admit(connection, frame, {proof, verdict}, resume)
    else this.#reject(connection, frame, verdict)
    for (const data of connection.isClosed ? [] : connection.endAuthentication()) {
      if (!connection.isClosed) this.#read(connection, data, false)
    }
  }

  /** Checked; and what comes for whom it names comes to this node from now on. */
  async #readied(
    connection: ClientConnection, proof: Proof, resume: string | undefined,
  ): Promise<AuthenticationVerdict> {
    let verdict = await this.#checked(connection, proof)
    for (let turn = 0; turn < READIED_TURNS_MAX; turn += 1) {
      if (!verdict.ok || connection.isClosed) return verdict
      const identity = identityOf(verdict.claims, proof, connection)
      const ready = this.#options.resuming.ready(identity, resume, turn === 0)
      if (ready === undefined) return verdict
      if (!(await ready)) return UNREADY
      // Whoever was kicked meanwhile was not among the connected yet.
      verdict = await this.#checked(connection, proof)
    }
    return UNREADY
  }

  #hasRoomFor(connection: ClientConnection, user: string | undefined): boolean {
    if (user === undefined || connection.identity?.user === user) return true
    const {registry, limits} = this.#options
    return registry.ofUser(user).size < limits.connectionsPerUser
  }

  /** A connection is one user's for good: a page of his never shows what is for another. */
  async #checked(connection: ClientConnection, proof: Proof): Promise<AuthenticationVerdict> {
    const verdict = await this.#options.live.check(connection, proof)
    const user = connection.identity?.user
    if (!verdict.ok || user === undefined || verdict.claims?.user === user) return verdict
    return {ok: false, status: 403, text: 'This connection is of another user: open a new one'}
  }

  #admit(
    connection: ClientConnection,
    frame: ClientFrame,
    {proof, verdict}: {readonly proof: Proof; readonly verdict: Admission},
    resume: string | undefined,
  ): void {
    const {registry, node, dispatcher, now, resuming, live} = this.#options
    const identity = identityOf(verdict.claims, proof, connection)
    const {user, groups, session} = identity
    const nowMs = now()
    const position = this.#options.position()
    const at = position === undefined ? null : formatPosition(position)
    const replay = resume === undefined
      ? undefined : resuming.replayFor(identity, resume, connection.wantsTrace)
    const from = resume === undefined ? undefined : parsePosition(resume)
    const named = position && answeredPosition(position, from, replay !== undefined)
    if (position !== undefined) registry.visits.reached(position)
    live.admit(connection, proof, verdict)
    const answer = {
      user: user ?? null,
      groups,
      session: session ?? null,
      node,
      position: named === undefined ? null : formatPosition(named),
      recovered: replay !== undefined,
      heartbeatMs: this.#options.limits.pingMs,
      expiresInMs: endOf(verdict),
    }
    sayAuthenticated(connection, frame, answer)
    connection.told(position?.seq ?? 0, nowMs)
    if (replay !== undefined) {
      connection.replay(replay.frames)
      if (from !== undefined) registry.visits.recovered(connection, from.seq)
      if (at !== null && position?.seq !== replay.lastSeq) connection.send(encodePosition(at))
    }
    dispatcher.announce(connection, AUTHENTICATION, [])
  }

  /**
   * Who is known already stays so; a stranger is sent away, since trying again changes nothing,
   * unless nobody could say who it is.
   */
  #reject(
    connection: ClientConnection,
    frame: ClientFrame,
    {status, text}: Extract<AuthenticationVerdict, {ok: false}>,
  ): void {
    const isUnsure = status === 503
    this.#options.counters.add(isUnsure ? 'authenticationsUnavailable' : 'authenticationsFailed')
    this.#fail(connection, frame, status, text)
    if (status === 401 && connection.form === 'array') this.#warnOfFrontEnd(text)
    if (connection.identity !== undefined) return
    connection.close(isUnsure ? 'unavailable' : 'unauthenticated')
  }

  /** They are told 403 and no more, and try again for ever: whoever runs the node learns why. */
  #warnOfFrontEnd(why: string): void {
    if (this.#hasWarnedOfFrontEnd) return
    this.#hasWarnedOfFrontEnd = true
    this.#options.log.warn('A front end of 2015 gave nothing that is checked here', {
      why, try: '--auth-sql or --auth-url, and --session-cookie where the cookie is the proof',
    })
  }

  #fail(connection: ClientConnection, frame: ClientFrame, status: number, text: string): void {
    sayError(connection, frame, status, text)
  }
}

/** A token and a session fit many times. */
function unknownBytesMax({clientFrameBytes}: NodeLimits): number {
  return Math.min(clientFrameBytes, LIMITS.unauthenticatedFrameBytes)
}

/** A session is asked about when it ends; a token is not. */
function endOf({expiresInMs, liveProof}: Admission): number | null {
  return liveProof === undefined && Number.isFinite(expiresInMs) ? Math.round(expiresInMs) : null
}

/** The original listened to nobody whom it did not know; and what no handler can be named. */
function isIgnored({action}: ClientFrame, isKnown: boolean): boolean {
  return action !== AUTHENTICATION && (!isKnown || !isActionName(action))
}
