/**
 * What every message of a siege carries: 52 bytes of ASCII that no JSON encoder changes, found and
 * read as bytes, since JSON.parse of each frame would cost more than everything else together.
 *
 *     ~m RUN(8) SENDER(6) KIND(1) TARGET(6) NUMBER(8) INTENDED(12) LATE(8) ~
 *
 * Numbers are hexadecimal; times are microseconds of the monotonic clock that all processes of a
 * machine share.
 */
import type {TargetKind} from '../plan/audience.js'

export const MARKER_BYTES = 52

const MARK_0 = 0x7e
const MARK_1 = 0x6d
const [RUN, SENDER, KIND, TARGET, NUMBER, INTENDED, LATE, END] = [2, 10, 16, 17, 23, 31, 43, 51]
const LATE_MAX_US = 0xffff_ffff

/** Reused by whoever reads, since there are as many as deliveries. */
export interface Marker {
  run: number
  sender: number
  kind: TargetKind
  target: number
  number: number
  intendedUs: number
  lateUs: number
}

export function emptyMarker(): Marker {
  return {run: 0, sender: 0, kind: 'echo', target: 0, number: 0, intendedUs: 0, lateUs: 0}
}

const LETTERS: Readonly<Record<TargetKind, string>> = {
  user: 'u', group: 'g', everyone: 'e', echo: 'x',
}
const LETTER_BYTES: Readonly<Record<TargetKind, number>> = {
  user: LETTERS.user.charCodeAt(0), group: LETTERS.group.charCodeAt(0),
  everyone: LETTERS.everyone.charCodeAt(0), echo: LETTERS.echo.charCodeAt(0),
}
const KINDS: readonly (TargetKind | undefined)[] = kindsByByte()

export function markerText(marker: Readonly<Marker>): string {
  writeMarker(TEXT, 0, marker)
  return TEXT.toString('latin1')
}

const TEXT = Buffer.alloc(MARKER_BYTES)

/** Its MARKER_BYTES, from `at` on. */
export function writeMarker(bytes: Buffer, at: number, marker: Readonly<Marker>): void {
  const intendedUs = Math.round(marker.intendedUs)
  const late = Math.min(Math.max(0, Math.round(marker.lateUs)), LATE_MAX_US)
  bytes[at] = MARK_0
  bytes[at + 1] = MARK_1
  writeHex(bytes, at + RUN, 8, marker.run)
  writeHex(bytes, at + SENDER, 6, marker.sender)
  bytes[at + KIND] = LETTER_BYTES[marker.kind]
  writeHex(bytes, at + TARGET, 6, marker.target)
  writeHex(bytes, at + NUMBER, 8, marker.number)
  writeHex(bytes, at + INTENDED, 6, Math.floor(intendedUs / 0x100_0000))
  writeHex(bytes, at + INTENDED + 6, 6, intendedUs % 0x100_0000)
  writeHex(bytes, at + LATE, 8, late)
  bytes[at + END] = MARK_0
}

/**
 * The marker in these bytes, read into `into`; false when there is none. `guess` is where it was in
 * the last frame, for frames of one kind are alike up to it: the place is returned, or -1.
 */
export function readMarker(
  bytes: Buffer, start: number, end: number, guess: number, into: Marker,
): number {
  const guessed = start + guess
  if (guess >= 0 && isMarker(bytes, guessed, end)) return read(bytes, guessed, into) ? guess : -1
  // Behind the frame there may be much more of the buffer, none of it to be looked through.
  const frame = bytes.subarray(start, end)
  for (let at = frame.indexOf('~m', 0, 'latin1'); at !== -1;
    at = frame.indexOf('~m', at + 1, 'latin1')) {
    if (isMarker(frame, at, frame.length) && read(frame, at, into)) return at
  }
  return -1
}

/** What is no whole marker, yet began as one of this run: cut off, or overwritten. */
export function hasBeginning(bytes: Buffer, start: number, end: number, run: number): boolean {
  return bytes.subarray(start, end).includes(`~m${hex(run, 8)}`, 0, 'latin1')
}

function isMarker(bytes: Buffer, at: number, end: number): boolean {
  return at + MARKER_BYTES <= end && bytes[at] === MARK_0 && bytes[at + 1] === MARK_1
    && bytes[at + END] === MARK_0
}

function read(bytes: Buffer, at: number, into: Marker): boolean {
  const kind = KINDS[bytes[at + KIND] ?? 0]
  const run = number(bytes, at + RUN, 8)
  const sequence = number(bytes, at + NUMBER, 8)
  const high = number(bytes, at + INTENDED, 6)
  const low = number(bytes, at + INTENDED + 6, 6)
  if (kind === undefined || run < 0 || sequence < 0 || high < 0 || low < 0) return false
  into.run = run
  into.sender = number(bytes, at + SENDER, 6)
  into.kind = kind
  into.target = number(bytes, at + TARGET, 6)
  into.number = sequence
  into.intendedUs = high * 0x100_0000 + low
  into.lateUs = number(bytes, at + LATE, 8)
  return true
}

const DIGITS = digitsByByte()

/** Negative when there is a byte that is no digit. */
function number(bytes: Buffer, at: number, digits: number): number {
  let value = 0
  let wrong = 0
  for (let index = at; index < at + digits; index += 1) {
    const digit = DIGITS[bytes[index] ?? 0] ?? -1
    wrong |= digit
    value = value * 16 + digit
  }
  return wrong < 0 ? -1 : value
}

function writeHex(bytes: Buffer, at: number, digits: number, value: number): void {
  for (let index = digits - 1, left = value; index >= 0; index -= 1, left >>>= 4) {
    bytes[at + index] = DIGIT_BYTES[left & 15] ?? 0
  }
}

const DIGIT_BYTES = Buffer.from('0123456789abcdef')

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

function digitsByByte(): Int8Array {
  const digits = new Int8Array(256).fill(-1)
  for (let value = 0; value < 16; value += 1) digits[value.toString(16).charCodeAt(0)] = value
  return digits
}

function kindsByByte(): readonly (TargetKind | undefined)[] {
  const kinds: (TargetKind | undefined)[] = Array.from({length: 256}, () => undefined)
  for (const kind of ['user', 'group', 'everyone', 'echo'] as const) {
    kinds[LETTERS[kind].charCodeAt(0)] = kind
  }
  return kinds
}
