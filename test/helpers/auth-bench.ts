/** Guards and caches for authenticators under test: no answers are kept unless told. */
import {Guard} from '../../src/lib/auth/guard.js'
import {VerdictCache} from '../../src/lib/auth/verdict-cache.js'

export function testGuard(options: {atOnce?: number; waitingMax?: number} = {}): Guard {
  return new Guard({
    atOnce: options.atOnce ?? 32,
    waitingMax: options.waitingMax ?? 1000,
    now: () => performance.now(),
    onOpen: () => {},
    onClose: () => {},
  })
}

export function testCache(ttlMs = 0): VerdictCache {
  return new VerdictCache({
    ttlMs, entriesMax: 100, now: () => performance.now(), wallClock: () => Date.now(),
  })
}

export interface LoggedLine {
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** An AuthLog that keeps what it is told. */
export function keepingLog() {
  const lines: LoggedLine[] = []
  const keep = (text: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    lines.push({text, fields})
  }
  return {lines, info: keep, warn: keep}
}
