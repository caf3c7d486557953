import {hkdfSync} from 'node:crypto'
import {MeshSecret} from './mesh-secret.js'

/** What a key is for. One key never serves two purposes: a token cannot pass as a link's proof. */
export type KeyPurpose = 'token' | 'link'

const SALT = 'wsmesh'

/** 32 bytes by HKDF-SHA256 (RFC 5869): the same secret and purpose give the same key everywhere. */
export function deriveKey(secret: MeshSecret, purpose: KeyPurpose): Uint8Array {
  const bytes = MeshSecret.bytesOf(secret)
  return new Uint8Array(hkdfSync('sha256', bytes, SALT, `wsmesh ${purpose} v1`, 32))
}
