/**
 * A process's inspector (Chrome DevTools Protocol), as far as it is needed here. It is served by a
 * thread of its own and reaches JavaScript that runs in an endless loop.
 */
import {bePatient, mostOf} from '../process/patience.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import type {Socket} from '../transport/transport.js'
import {dial} from '../transport/ws-transport.js'

/** A CPU profile of a second has a few MiB. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

export class Inspector {
  readonly #answers = new Map<number, (answer: Fields | undefined) => void>()
  readonly #events = new Map<string, (params: Fields) => void>()
  readonly #pid: number
  #socket: Socket | undefined
  #lastId = 0

  private constructor(pid: number) {
    this.#pid = pid
  }

  /** Undefined: it cannot be had in that time, of the process's own (process/patience.ts). */
  static async open(
    url: string, pid: number, timeoutMs: number,
  ): Promise<Inspector | undefined> {
    const inspector = new Inspector(pid)
    const abort = new AbortController()
    const stop = bePatient(pid, timeoutMs, () => abort.abort())
    const result = await dial(url, {
      timeoutMs: mostOf(timeoutMs), maxFrameBytes: FRAME_BYTES_MAX, signal: abort.signal,
    }, () => ({
      onMessage: (data) => inspector.#take(data),
      onClose: () => inspector.#closed(),
    }))
    stop()
    if (!result.ok) return undefined
    inspector.#socket = result.socket
    return inspector
  }

  /** Undefined: no answer in that time, a refusal, or the process has ended. */
  post(method: string, params: Fields, timeoutMs: number): Promise<Fields | undefined> {
    const id = ++this.#lastId
    return new Promise((resolve) => {
      const settle = (answer: Fields | undefined): void => {
        stop()
        this.#answers.delete(id)
        resolve(answer)
      }
      const stop = bePatient(this.#pid, timeoutMs, () => settle(undefined))
      if (this.#socket === undefined) return settle(undefined)
      this.#answers.set(id, settle)
      this.#socket.send(JSON.stringify({id, method, params}))
    })
  }

  on(method: string, use: (params: Fields) => void): void {
    this.#events.set(method, use)
  }

  close(): void {
    this.#socket?.destroy()
    this.#closed()
  }

  #take(data: Uint8Array): void {
    const read = parseJson(data)
    if (!read.ok || !isRecord(read.value)) return
    const {id, method, params, result} = read.value
    if (typeof id === 'number') this.#answers.get(id)?.(isRecord(result) ? result : undefined)
    else if (typeof method === 'string') this.#events.get(method)?.(isRecord(params) ? params : {})
  }

  #closed(): void {
    this.#socket = undefined
    for (const settle of this.#answers.values()) settle(undefined)
  }
}
