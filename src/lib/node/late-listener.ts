/**
 * A listener on a socket that somebody else keeps and others may share: it accepts between `open`
 * and `stopAccepting`. Connections that come at other times wait in the kernel for whoever accepts.
 */
import type {Listener, TlsParts} from '../transport/transport.js'

export class LateListener implements Listener {
  readonly port: number
  readonly #listen: () => Promise<Listener>
  #listener: Listener | undefined
  #opening: Promise<void> | undefined
  #isOver = false

  constructor(port: number, listen: () => Promise<Listener>) {
    this.port = port
    this.#listen = listen
  }

  /** Rejects with ADDRESS_IN_USE or ADDRESS_NOT_AVAILABLE. */
  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    if (this.#isOver) return
    this.#listener = await this.#listen()
    if (this.#isOver) this.#listener.stopAccepting()
  }

  async connectionCount(): Promise<number> {
    return this.#listener?.connectionCount() ?? 0
  }

  /** One that is not open yet takes those of the moment when it opens. */
  setTls(tls: TlsParts): void {
    this.#listener?.setTls(tls)
  }

  flush(done?: () => void): void {
    if (this.#listener === undefined) done?.()
    else this.#listener.flush(done)
  }

  flushPrompt(): void {
    this.#listener?.flushPrompt()
  }

  stopAccepting(): void {
    this.#isOver = true
    this.#listener?.stopAccepting()
  }

  async close(): Promise<void> {
    this.stopAccepting()
    await this.#opening?.catch(() => undefined)
    await this.#listener?.close()
  }
}
