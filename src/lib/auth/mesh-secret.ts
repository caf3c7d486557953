import {WsmeshError} from '../util/errors.js'

/** Shorter secrets can be guessed from one recorded handshake. */
export const SECRET_BYTES_MIN = 16

/** What its holder may do: an operator everything, a viewer only look (`wsmesh secret viewer`). */
export type Rights = 'operator' | 'viewer'

export interface MeshSecretOptions {
  /** Secrets that are accepted beside the first: those before or after a rotation. */
  readonly others?: readonly (string | Uint8Array)[]
  /** A viewer's has keys of its own, which open nothing but the viewers' door. */
  readonly rights?: Rights
}

/**
 * What all nodes and operators of a mesh share: the secret in use, and others that are accepted
 * while it is being changed. Its bytes are private, so that it cannot end up in a log: printing or
 * serialising it shows where it came from and nothing else.
 */
export class MeshSecret {
  /** Where it came from, for people: a file's path, or the name of a variable. */
  readonly source: string
  readonly rights: Rights
  #all: readonly Uint8Array[]

  /** Throws WsmeshError SECRET_INVALID on less than SECRET_BYTES_MIN bytes. */
  constructor(secret: string | Uint8Array, source: string, options: MeshSecretOptions = {}) {
    const {others = [], rights = 'operator'} = options
    this.source = source
    this.rights = rights
    this.#all = [secret, ...others].map((each) => bytesOf(each, source))
  }

  /** How many are accepted. */
  get count(): number {
    return this.#all.length
  }

  /** From now on those of `next`, for all who hold this: proofs made before stay proofs. */
  replace(next: MeshSecret): void {
    this.#all = next.#all
  }

  equals(other: MeshSecret): boolean {
    const [mine, theirs] = [this.#all, other.#all]
    return mine.length === theirs.length && mine.every((each, n) => isSame(each, theirs[n]))
  }

  /** For keys.ts only: everything else takes a derived key. The one in use comes first. */
  static bytesOf(secret: MeshSecret): readonly [Uint8Array, ...Uint8Array[]] {
    const [first = new Uint8Array(), ...rest] = secret.#all
    return [first, ...rest]
  }
}

function bytesOf(secret: string | Uint8Array, source: string): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret.slice()
  if (bytes.length >= SECRET_BYTES_MIN) return bytes
  throw new WsmeshError(
    'SECRET_INVALID',
    `The mesh secret from ${source} has ${bytes.length} bytes, ${SECRET_BYTES_MIN} are needed`,
    {suggestions: ['Make one with: openssl rand -base64 32']},
  )
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0
}
