/**
 * Writes to a TCP or Unix socket at once, past `net.Socket` and its stream, which spend one to two
 * microseconds on each (docs/PERFORMANCE.md). It offers the bytes to the operating system as they
 * do. What that does not take, libuv keeps and writes in order with all that the stream is given
 * later.
 *
 * This is Node's own way to its sockets, which it does not promise to keep. So everything is looked
 * for, once, and where one thing is missing the stream is written to, as everywhere else.
 */
import {Socket} from 'node:net'
import type {Duplex} from 'node:stream'

/** Who is told when what was left over is written, or never will be. */
export interface DirectWriter {
  directlyWritten(isWritten: boolean): void
}

/** A socket of libuv that can be written to. */
export interface DirectHandle {
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
}

/** `all`: the operating system has it. `some`: the writer is told. `none`: nothing was done. */
export type DirectResult = 'all' | 'some' | 'none'

interface WriteRequest {
  oncomplete: ((this: WriteRequest, status: number) => void) | undefined
  /** Both have to live until it is written. */
  bytes: Uint8Array | undefined
  writer: DirectWriter | undefined
}

interface Internals {
  readonly Request: new () => WriteRequest
  readonly kinds: readonly (new () => object)[]
  /** By an index: whether the last write left something over. */
  readonly state: ArrayLike<number>
  readonly wasLeftOver: number
}

const internals = findInternals()
/** For the next write. It is used up only by one that leaves something over. */
let request = internals && new internals.Request()

/** Undefined: what is below the stream is not a plain socket, but TLS for example. */
export function directHandleOf(stream: Duplex): DirectHandle | undefined {
  if (internals === undefined || !(stream instanceof Socket)) return undefined
  const handle: unknown = Reflect.get(stream, '_handle')
  const isPlain = internals.kinds.some((kind) => handle instanceof kind)
  return isPlain && isWritable(handle) ? handle : undefined
}

/** Expects that nothing waits in the stream, and that it is open. */
export function writeDirectly(
  handle: DirectHandle, bytes: Uint8Array, writer: DirectWriter,
): DirectResult {
  if (internals === undefined || request === undefined) return 'none'
  // The stream that is written to instead meets the same error, and does what is due.
  if (handle.writeBuffer(request, bytes) !== 0) return 'none'
  if (internals.state[internals.wasLeftOver] === 0) return 'all'
  request.oncomplete = complete
  request.bytes = bytes
  request.writer = writer
  request = new internals.Request()
  return 'some'
}

function complete(this: WriteRequest, status: number): void {
  this.writer?.directlyWritten(status === 0)
}

function isWritable(handle: unknown): handle is DirectHandle {
  return typeof handle === 'object' && handle !== null &&
    typeof Reflect.get(handle, 'writeBuffer') === 'function'
}

function findInternals(): Internals | undefined {
  const streams = bindingOf('stream_wrap')
  const Request: unknown = streams['WriteWrap']
  const state: unknown = streams['streamBaseState']
  const wasLeftOver: unknown = streams['kLastWriteWasAsync']
  const kinds = [bindingOf('tcp_wrap')['TCP'], bindingOf('pipe_wrap')['Pipe']].filter(isClass)
  if (!isRequest(Request) || !(state instanceof Int32Array)) return undefined
  if (typeof wasLeftOver !== 'number' || state[wasLeftOver] === undefined) return undefined
  return {Request, kinds, state, wasLeftOver}
}

function bindingOf(name: string): Readonly<Record<string, unknown>> {
  const binding: unknown = Reflect.get(process, 'binding')
  try {
    const found: unknown = typeof binding === 'function' ? binding.call(process, name) : undefined
    return typeof found === 'object' && found !== null ? {...found} : {}
  } catch {
    // Not here, or not allowed (`--permission`): the streams are written to.
    return {}
  }
}

/** What its instances have is what we give them. */
function isRequest(value: unknown): value is Internals['Request'] {
  return isClass(value)
}

function isClass(value: unknown): value is new () => object {
  return typeof value === 'function'
}
