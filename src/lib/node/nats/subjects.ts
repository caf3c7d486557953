/**
 * Which subject a message goes by, and which ones a client needs. Ids are hashed into slots, so
 * that there are no more subjects than slots, whoever comes. A key is a subject as a number.
 */
import {controlOf} from '../../protocol/control.js'
import type {Envelope} from '../../protocol/envelope.js'
import type {Identity, Target} from '../../protocol/target.js'
import {unreachable} from '../../util/assert.js'

/** Of messages for everyone, and all that no one slot says: every node has it. */
export const EVERYONE = 0

const KINDS = ['u', 'g', 's'] as const
type Kind = (typeof KINDS)[number]

/** Marks: a node's own place in the stream; see Marks. */
export const MARK = 'b'

/** How often the stream lost its end; see Lives. */
export const LOSSES = 'e'

export function slotKey(kind: Kind, id: string, slots: number): number {
  return 1 + (hash(id) % slots) * KINDS.length + KINDS.indexOf(kind)
}

/** The last part of a subject: `a`, `u.42`. */
export function keyText(key: number): string {
  if (key === EVERYONE) return 'a'
  const kind = KINDS[(key - 1) % KINDS.length] ?? 'u'
  return `${kind}.${Math.floor((key - 1) / KINDS.length)}`
}

/** What keyText wrote; undefined for anything else. */
export function keyOfText(text: string): number | undefined {
  if (text === 'a') return EVERYONE
  const kind = KINDS.findIndex((each) => text.startsWith(`${each}.`))
  const slot = /^\d{1,7}$/.exec(text.slice(2))
  return kind < 0 || slot === null ? undefined : 1 + Number(slot[0]) * KINDS.length + kind
}

/** One message has one subject, and so one place: several slots are everyone's. */
export function keyOfMessage({target, payload}: Envelope, slots: number): number {
  // Whoever is being let in at any node must not miss that he is sent away.
  return controlOf(payload) === undefined ? keyOfTarget(target, slots) : EVERYONE
}

function keyOfTarget(target: Target, slots: number): number {
  switch (target.kind) {
    case 'user':
      return keyOfIds('u', target.ids, slots)
    case 'group':
      return keyOfIds('g', target.ids, slots)
    case 'session':
      return keyOfIds('s', target.ids, slots)
    case 'filter': {
      for (const [key, value] of target.pairs) {
        if (key === 'user') return slotKey('u', value, slots)
        if (key === 'session') return slotKey('s', value, slots)
      }
      return EVERYONE
    }
    case 'registered':
    case 'everyone':
      return EVERYONE
    default:
      return unreachable(target)
  }
}

function keyOfIds(kind: Kind, ids: readonly string[], slots: number): number {
  const [first = ''] = ids
  const key = slotKey(kind, first, slots)
  return ids.every((id) => slotKey(kind, id, slots) === key) ? key : EVERYONE
}

/** Beside EVERYONE, which every node has. */
export function keysOfIdentity({user, groups, session}: Identity, slots: number): number[] {
  if (user === undefined) return []
  const keys = new Set([slotKey('u', user, slots)])
  for (const group of groups) keys.add(slotKey('g', group, slots))
  if (session !== undefined) keys.add(slotKey('s', session, slots))
  return [...keys]
}

/** FNV-1a over UTF-16 code units, with a last stir: low bits are what slots are made of. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  value ^= value >>> 15
  value = Math.imul(value, 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 0
}
