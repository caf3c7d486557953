/** Tokens for the users of a siege. */
import {loadSecret} from '../../auth/secret.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import {signToken} from '../../auth/token.js'
import {Audience, groupName, userName} from '../plan/audience.js'
import type {AttackJob} from './job.js'

/** Longer than any siege. */
const TTL_MS = 30 * 86_400_000

export class Proofs {
  readonly secret: MeshSecret | undefined
  readonly #job: AttackJob
  readonly #audience: Audience
  /** One for all tabs of a user. */
  readonly #made = new Map<number, string>()

  private constructor(job: AttackJob, secret: MeshSecret | undefined) {
    this.#job = job
    this.#audience = new Audience(job.audience)
    this.secret = secret
  }

  static async open(job: AttackJob): Promise<Proofs> {
    const {proofs} = job
    if (proofs.type !== 'secret') return new Proofs(job, undefined)
    const {dataDir, secretFile} = proofs
    const options = {secretFile, dataDir, env: process.env, mayMake: false}
    return new Proofs(job, await loadSecret(options))
  }

  async of(user: number): Promise<string | undefined> {
    const {proofs} = this.#job
    if (proofs.type === 'tokens') return proofs.users[user]?.token
    if (this.secret === undefined) return undefined
    let token = this.#made.get(user)
    if (token === undefined) {
      const groups = [groupName(this.#audience.groupOf(user))]
      token = await signToken({user: userName(user), groups, ttlMs: TTL_MS}, this.secret)
      this.#made.set(user, token)
    }
    return token
  }
}
