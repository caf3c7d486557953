/**
 * A public socket that one process keeps and others listen on: bound here, and never accepted from
 * here. A child that inherits the descriptor listens on it (`listen({fd})`); while none does, the
 * kernel lets connections wait.
 *
 * Node has no documented way to bind without accepting. `net._createServerHandle` is what its own
 * cluster module does it with, since Node 0.12 and in 24; this file alone knows it.
 */
import {lookup} from 'node:dns/promises'
import net from 'node:net'
import {getSystemErrorName} from 'node:util'
import {WsmeshError} from '../util/errors.js'
import {listenError, socketError} from './http-server.js'

export interface KeptSocket {
  readonly fd: number
  /** That it got; 0 for a unix socket. */
  readonly port: number
  /** A unix socket's file is removed. */
  close(): void
}

/** What libuv's TCP and Pipe have of what is needed here. */
interface Handle {
  readonly fd: number
  getsockname?(out: {port?: number}): number
  close(): void
}

type CreateServerHandle = (
  address: string, port: number, addressType: number,
) => Handle | number

/** Rejects with ADDRESS_IN_USE or ADDRESS_NOT_AVAILABLE. */
export async function keepPort(host: string, port: number): Promise<KeptSocket> {
  const {address, family} = await lookup(host).catch((error: NodeJS.ErrnoException) => {
    throw listenError(error, host, port)
  })
  const handle = createHandle()(address, port, family)
  if (typeof handle === 'number') throw listenError(systemError(handle), host, port)
  const name: {port?: number} = {}
  // That the port is taken may be said only now.
  const status = handle.getsockname?.(name) ?? 0
  const isAnother = port !== 0 && name.port !== port
  if (status !== 0 || isAnother) {
    handle.close()
    throw listenError(status === 0 ? inUse() : systemError(status), host, port)
  }
  return {fd: handle.fd, port: name.port ?? port, close: () => handle.close()}
}

/** What is left behind at the path, with nobody listening, has to be removed before. */
export function keepPath(path: string): KeptSocket {
  const handle = createHandle()(path, -1, -1)
  if (typeof handle === 'number') throw socketError(systemError(handle), path)
  return {fd: handle.fd, port: 0, close: () => handle.close()}
}

function createHandle(): CreateServerHandle {
  const found: unknown = Reflect.get(net, '_createServerHandle')
  if (isCreate(found)) return found
  throw new WsmeshError('ADDRESS_NOT_AVAILABLE',
    `Node ${process.version} cannot keep a socket for another process`,
    {suggestions: ['wsmesh serve   (without --supervise, under systemd)', 'Node 20, 22 or 24']})
}

function isCreate(value: unknown): value is CreateServerHandle {
  return typeof value === 'function'
}

function systemError(status: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(status)
  return Object.assign(new Error(code), {code})
}

function inUse(): NodeJS.ErrnoException {
  return Object.assign(new Error('EADDRINUSE'), {code: 'EADDRINUSE'})
}
