import {hkdfSync} from 'node:crypto'
import {MeshSecret, type Rights} from './mesh-secret.js'

/** What a key is for. One key never serves two purposes: a token cannot pass as a link's proof. */
export type KeyPurpose = 'token' | 'publish' | 'link' | 'viewer' | 'viewer-link' | 'webhook'

const SALT = 'wsmesh'

/**
 * 32 bytes by HKDF-SHA256 (RFC 5869) of the secret in use: the same secret and purpose give the
 * same key everywhere.
 */
export function deriveKey(secret: MeshSecret, purpose: KeyPurpose): Uint8Array {
  return keyOf(MeshSecret.bytesOf(secret)[0], purpose)
}

/** The same of each secret that is accepted, the one in use first. */
export function deriveKeys(secret: MeshSecret, purpose: KeyPurpose): readonly Uint8Array[] {
  return MeshSecret.bytesOf(secret).map((bytes) => keyOf(bytes, purpose))
}

/** A key that a dialer may prove itself with, and what who has it may do. */
export interface LinkKey {
  readonly key: Uint8Array
  readonly rights: Rights
}

/** What a dialer has, to be tried in this order. */
export function ownLinkKeys(secret: MeshSecret): readonly LinkKey[] {
  const {rights} = secret
  const purpose = rights === 'viewer' ? 'viewer-link' : 'link'
  return deriveKeys(secret, purpose).map((key) => ({key, rights}))
}

/** What an acceptor takes: of every secret the operators' key and the viewers'. */
export function acceptedLinkKeys(secret: MeshSecret): readonly LinkKey[] {
  return [
    ...deriveKeys(secret, 'link').map((key) => ({key, rights: 'operator'}) as const),
    ...deriveKeys(secret, 'viewer')
      .map((bytes) => keyOf(Buffer.from(textOf(bytes)), 'viewer-link'))
      .map((key) => ({key, rights: 'viewer'}) as const),
  ]
}

/**
 * What a viewer holds instead of the secret, made from the one in use: it proves a viewer to nodes,
 * and nothing else can be made of it.
 */
export function viewerSecret(secret: MeshSecret): string {
  return textOf(deriveKey(secret, 'viewer'))
}

/** What the application checks signatures of webhooks with, as Standard Webhooks writes keys. */
export function webhookKey(secret: MeshSecret): string {
  return `whsec_${Buffer.from(deriveKey(secret, 'webhook')).toString('base64')}`
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** Each is derived once: tokens of thousands are checked with the same. */
const derived = new WeakMap<Uint8Array, Map<KeyPurpose, Uint8Array>>()

function keyOf(bytes: Uint8Array, purpose: KeyPurpose): Uint8Array {
  let keys = derived.get(bytes)
  if (keys === undefined) derived.set(bytes, (keys = new Map<KeyPurpose, Uint8Array>()))
  let key = keys.get(purpose)
  if (key === undefined) {
    key = new Uint8Array(hkdfSync('sha256', bytes, SALT, `wsmesh ${purpose} v1`, 32))
    keys.set(purpose, key)
  }
  return key
}
