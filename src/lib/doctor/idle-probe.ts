import {setTimeout as delay} from 'node:timers/promises'

import type {MeshSecret} from '../auth/mesh-secret.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {LIMITS} from '../protocol/limits.js'
import {SUBPROTOCOL} from '../protocol/version.js'
import type {TlsParts} from '../transport/transport.js'
import type {FrontSession} from './facts.js'

export interface IdleProbe {
  readonly url: string
  readonly secret: MeshSecret
  readonly timeoutMs: number
  readonly tls: TlsParts | undefined
  readonly origin: string | undefined
  /** Told how long it will take, at most. */
  readonly onWait: (waitMs: number) => void
}

/** Who the probe is, in `who` and in logs. */
const PROBE_USER = 'wsmesh-doctor'
const TOKEN_MS = 3_600_000
/** A ping may be late by as much, on a busy node. */
const LATE_MS = 2000

/**
 * Connects as a client does, proves itself, and is silent until the node pings it: what is between
 * has to leave such a connection alone for as long.
 */
export async function probeIdle(probe: IdleProbe): Promise<FrontSession> {
  const {url, secret, timeoutMs, tls, origin, onWait} = probe
  if (secret.rights !== 'operator') {
    return {type: 'not tried', why: "a viewer's secret makes no tokens"}
  }
  const {signToken} = await import('../auth/token.js')
  const {dial} = await import('../transport/ws-transport.js')
  const token = await signToken({user: PROBE_USER, groups: [], ttlMs: TOKEN_MS}, secret)
  const watch = new Watch()
  const dialled = await dial(
    url,
    {
      subprotocol: SUBPROTOCOL.client, timeoutMs, origin, tls,
      maxFrameBytes: LIMITS.operatorFrameBytes,
    },
    () => watch,
  )
  if (!dialled.ok) return {type: 'not tried', why: dialled.detail}
  try {
    dialled.socket.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
    const proved = await Promise.race([watch.proved, delay(timeoutMs, undefined, {ref: false})])
    if (proved === undefined) return {type: 'silent', afterMs: timeoutMs}
    if (!proved.ok) return {type: 'refused', why: proved.why}
    const {pingMs} = proved
    const waitMs = pingMs + LATE_MS
    onWait(waitMs)
    const late: FrontSession = {type: 'no ping', afterMs: waitMs, pingMs}
    return await Promise.race([
      watch.ending(pingMs), delay(waitMs, late, {ref: false}),
    ])
  } finally {
    dialled.socket.close(1000, '')
  }
}

type Proved =
  | {readonly ok: true; readonly pingMs: number}
  | {readonly ok: false; readonly why: string}

/** What comes on the probe's connection. */
class Watch {
  readonly proved: Promise<Proved>
  #settle: (proved: Proved) => void = () => undefined
  #end: (code: number | 'ping') => void = () => undefined
  #provedAtMs = 0
  readonly #ended: Promise<number | 'ping'>

  constructor() {
    this.proved = new Promise((resolve) => (this.#settle = resolve))
    this.#ended = new Promise((resolve) => (this.#end = resolve))
  }

  async ending(pingMs: number): Promise<FrontSession> {
    const how = await this.#ended
    if (how === 'ping') return {type: 'pinged', pingMs}
    return {type: 'cut', afterMs: performance.now() - this.#provedAtMs, pingMs, code: how}
  }

  onMessage(data: Uint8Array): void {
    const read = parseJson(new TextDecoder().decode(data))
    const frame = read.ok && isRecord(read.value) ? read.value : {}
    const details: readonly unknown[] = Array.isArray(frame['details']) ? frame['details'] : []
    if (frame['action'] === 'Client/authentication:error') {
      this.#settle({ok: false, why: details.map(String).join(' ')})
    }
    if (frame['action'] !== 'Client/authentication') return
    const about = isRecord(details[1]) ? details[1] : {}
    this.#provedAtMs = performance.now()
    this.#settle({ok: true, pingMs: Number(about['heartbeatMs'] ?? LIMITS.pingMs)})
  }

  onPing(): void {
    this.#end('ping')
  }

  onClose(code: number, reason: string): void {
    this.#settle({ok: false, why: `closed with ${code} ${reason}`.trim()})
    this.#end(code)
  }
}
