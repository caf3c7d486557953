/**
 * Sockets as the rest of wsmesh sees them. `ws-transport.ts` is the one file that imports `ws`;
 * whoever holds a Socket never learns what is under it.
 */
export interface Socket {
  /** Text goes out as a text frame, bytes as a binary frame. Nothing happens after the close. */
  send(data: string | Uint8Array): void
  /** Starts the closing handshake; the socket is destroyed if the peer does not answer in time. */
  close(code: number, reason: string): void
  /** At once, without a closing handshake. */
  destroy(): void
  /** Bytes handed to send that the operating system has not taken. */
  readonly bufferedBytes: number
}

/** What a socket's owner is told. Nothing is called after onClose. */
export interface SocketHandler {
  onMessage(data: Uint8Array, isBinary: boolean): void
  onPong?(): void
  onClose(code: number, reason: string): void
}

/** Why a dial failed. `refused`: the operating system said that nobody listens there. */
export type DialFailure = 'refused' | 'rejected' | 'timeout' | 'unreachable'
