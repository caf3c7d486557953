/**
 * Where a message stands in the one order of a mesh: `epoch.term.seq` as text. Opaque to clients.
 * The term is the master's that ordered it; seq counts on across terms, as Raft's log index does.
 * An epoch is one life of the mesh's order: a wiped mesh starts another, and positions of two
 * epochs cannot be compared.
 */
export interface Position {
  readonly epoch: string
  readonly term: number
  readonly seq: number
}

/** 1 to 16 characters of a-z and 0-9. */
const EPOCH = /^[a-z0-9]{1,16}$/

export function isEpoch(text: string): boolean {
  return EPOCH.test(text)
}

export function formatPosition({epoch, term, seq}: Position): string {
  return `${epoch}.${term}.${seq}`
}

/** Undefined for anything that formatPosition does not print. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([a-z0-9]{1,16})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})$/.exec(text)
  const [, epoch, term, seq] = match ?? []
  if (epoch === undefined || term === undefined || seq === undefined) return undefined
  return {epoch, term: Number(term), seq: Number(seq)}
}

/** A position without its epoch, where the epoch is known. */
export interface Place {
  readonly term: number
  readonly seq: number
}

/** Before everything: the place a log starts from that nobody has written to. */
export const ORIGIN_PLACE: Place = {term: 0, seq: 0}

/** Order within one epoch, by term, then by seq: negative, zero or positive as sort wants it. */
export function comparePlaces(a: Place, b: Place): number {
  return a.term - b.term || a.seq - b.seq
}
