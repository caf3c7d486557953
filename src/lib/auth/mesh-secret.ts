import {WsmeshError} from '../util/errors.js'

/** Shorter secrets can be guessed from one recorded handshake. */
export const SECRET_BYTES_MIN = 16

/**
 * What all nodes and operators of a mesh share. Its bytes are private, so that it cannot end up in
 * a log: printing or serialising it shows where it came from and nothing else.
 */
export class MeshSecret {
  /** Where it came from, for people: a file's path, or the name of a variable. */
  readonly source: string
  readonly #bytes: Uint8Array

  /** Throws WsmeshError SECRET_INVALID on less than SECRET_BYTES_MIN bytes. */
  constructor(secret: string | Uint8Array, source: string) {
    const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret.slice()
    if (bytes.length < SECRET_BYTES_MIN) {
      throw new WsmeshError(
        'SECRET_INVALID',
        `The mesh secret from ${source} has ${bytes.length} bytes, ${SECRET_BYTES_MIN} are needed`,
        {suggestions: ['Make one with: openssl rand -base64 32']},
      )
    }
    this.source = source
    this.#bytes = bytes
  }

  /** For keys.ts only: everything else takes a derived key. */
  static bytesOf(secret: MeshSecret): Uint8Array {
    return secret.#bytes
  }
}
