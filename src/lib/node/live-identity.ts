/**
 * Identities while they are connected: sessions that end, that are ended, and that say something
 * else than when they were read. Targets always mean the identity as it is now.
 */
import type {Proof} from '../auth/authenticator.js'
import type {Control} from '../protocol/control.js'
import {matchesTarget} from '../protocol/target.js'
import type {Identity, Target} from '../protocol/target.js'
import {unreachable} from '../util/assert.js'
import {identityOf} from './authenticate.js'
import type {Authentication, AuthenticationVerdict} from './authenticate.js'
import type {ClientConnection} from './client-connection.js'
import type {ClientRegistry} from './client-registry.js'
import type {Counters} from './counters.js'

/** Who cannot be asked about at the moment is asked about again after this. */
export const RETRY_MS = 5000

/** Orders that are remembered for proofs that were being checked when they came. */
const ORDERS_MAX = 1000
/** A proof is checked so often when orders keep coming for whom it belongs to. */
const CHECKS_MAX = 3

export interface LiveIdentityOptions {
  readonly authentication: Authentication
  readonly registry: ClientRegistry
  readonly counters: Counters
  /** An identity that somebody else keeps is read again so often; 0: when its session ends. */
  readonly recheckMs: number
  readonly now: () => number
  /** See Relay: what comes for this identity has to come here before it counts. */
  readonly prepare: (identity: Identity) => Promise<boolean> | undefined
}

type Known = Extract<AuthenticationVerdict, {readonly ok: true}>

export class LiveIdentity {
  readonly #options: LiveIdentityOptions
  /** The newest orders, and the number of the first of them. */
  #orders: Target[] = []
  #firstOrder = 0

  constructor(options: LiveIdentityOptions) {
    this.#options = options
  }

  /**
   * Whether a proof holds. What was read before somebody was kicked may still say that he is logged
   * in: it is read again then.
   */
  async check(connection: ClientConnection, proof: Proof): Promise<AuthenticationVerdict> {
    const {authentication} = this.#options
    for (let checks = 0; checks < CHECKS_MAX; checks += 1) {
      const since = this.#firstOrder + this.#orders.length
      const verdict = await authentication.check(proof)
      if (!verdict.ok || verdict.liveProof === undefined) return verdict
      if (!this.#concerns(identityOf(verdict.claims, proof, connection), since)) return verdict
    }
    return {ok: false, status: 503, text: 'Cannot check who you are at the moment: try again later'}
  }

  /** The connection is this one's from now on. */
  admit(connection: ClientConnection, proof: Proof, verdict: Known): void {
    this.#options.registry.identify(connection, identityOf(verdict.claims, proof, connection))
    connection.liveProof = verdict.liveProof
    this.#provedFor(connection, verdict)
  }

  /** Does what all nodes were told; returns how many connections here it concerned. */
  obey(control: Control, target: Target): number {
    this.#orders.push(target)
    if (this.#orders.length > ORDERS_MAX) {
      this.#orders.shift()
      this.#firstOrder += 1
    }
    this.#options.authentication.forget(target)
    switch (control.type) {
      case 'kick':
        return this.#kick(target, control.reason)
      case 'refresh':
        return this.#refresh(target)
      default:
        return unreachable(control)
    }
  }

  /** What a proof said has come to its end; what it is about may have been prolonged since. */
  ended(connection: ClientConnection): void {
    if (connection.liveProof === undefined) this.#expire(connection)
    else void this.#recheck(connection)
  }

  #kick(target: Target, reason: string | undefined): number {
    let count = 0
    for (const connection of this.#meant(target)) {
      connection.close('kicked', reason)
      count += 1
    }
    return count
  }

  #refresh(target: Target): number {
    let count = 0
    for (const connection of this.#meant(target)) {
      if (connection.liveProof === undefined) continue
      void this.#recheck(connection)
      count += 1
    }
    return count
  }

  /** One named by its id need not have said who it is. */
  #meant(target: Target): readonly ClientConnection[] {
    const meant: ClientConnection[] = []
    const [[key, id] = []] = target.kind === 'filter' ? target.pairs : []
    if (key === 'connection') {
      for (const connection of this.#options.registry.all()) {
        if (connection.id === id) meant.push(connection)
      }
      return meant
    }
    this.#options.registry.visit(target, (connection) => meant.push(connection) > 0)
    return meant
  }

  async #recheck(connection: ClientConnection): Promise<void> {
    const proof = connection.liveProof
    const before = connection.identity
    if (proof === undefined || before === undefined) return
    // Not again while this is under way, and soon after if it does not come to an end.
    connection.provedUntilMs = this.#options.now() + RETRY_MS
    const verdict = await this.check(connection, proof)
    if (verdict.ok) await this.#options.prepare(identityOf(verdict.claims, proof, connection))
    if (connection.isClosed || connection.liveProof !== proof) return
    this.#options.counters.add('identitiesReread')
    if (verdict.ok) {
      if (verdict.claims?.user === before.user) this.#changed(connection, proof, verdict)
      else this.#expire(connection)
    } else if (verdict.status !== 503) {
      // While nobody can say, whoever is connected stays.
      this.#expire(connection)
    }
  }

  #changed(connection: ClientConnection, proof: Proof, verdict: Known): void {
    const identity = identityOf(verdict.claims, proof, connection)
    // One that stays as it is needs no new visit.
    if (JSON.stringify(identity) !== JSON.stringify(connection.identity)) {
      this.#options.registry.identify(connection, identity)
    }
    this.#provedFor(connection, verdict)
  }

  #provedFor(connection: ClientConnection, {expiresInMs, liveProof}: Known): void {
    const {recheckMs, now} = this.#options
    const isRechecked = liveProof !== undefined && recheckMs > 0
    const untilMs = isRechecked ? Math.min(expiresInMs, recheckMs) : expiresInMs
    connection.provedUntilMs = now() + untilMs
  }

  #expire(connection: ClientConnection): void {
    connection.close('sessionExpired')
  }

  /** Whether an order with that number or a later one means this identity. */
  #concerns(identity: Identity, since: number): boolean {
    if (since < this.#firstOrder) return true
    const later = this.#orders.slice(since - this.#firstOrder)
    return later.some((target) => matchesTarget(target, identity))
  }
}
