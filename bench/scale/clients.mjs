/** Clients that only read, as cheaply as can be: sockets whose bytes are thrown away. */
import {randomBytes} from 'node:crypto'
import {connect as dialTcp} from 'node:net'
import {connect as dialTls} from 'node:tls'
import {signToken} from '../../dist/lib/auth/token.js'

const AT_ONCE = 50

/** A text frame of a client, with a mask of zeros. */
function frameOf(text) {
  const data = Buffer.from(text)
  const head = data.length < 126
    ? Buffer.from([0x81, 0x80 | data.length])
    : Buffer.from([0x81, 0xfe, data.length >> 8, data.length & 255])
  return Buffer.concat([head, Buffer.alloc(4), data])
}

const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** One connection, open once it has proved itself. `session`: a TLS session to go on with. */
export function openOne({url, token, ca, session, isAnswering = false}) {
  const {hostname, port, protocol, pathname} = new URL(url)
  const isTls = protocol === 'wss:'
  return new Promise((resolve, reject) => {
    const socket = isTls
      ? dialTls({host: hostname, port: Number(port), ca, session, servername: 'localhost'})
      : dialTcp({host: hostname, port: Number(port)})
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed')))
    let tlsSession
    socket.on('session', (data) => (tlsSession = data))
    let heard = ''
    let isIn = false
    socket.on(isTls ? 'secureConnect' : 'connect', () => socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wsmesh.v1\r\n\r\n'))
    socket.on('data', (data) => {
      if (isIn) {
        // A ping of the node is a frame of its own when nothing else is going on.
        if (isAnswering && (data[0] & 0x0f) === 9) socket.write(PONG)
        return
      }
      heard += data.toString('latin1')
      if (heard.includes('"ok"')) {
        isIn = true
        heard = ''
        resolve({socket, session: () => tlsSession})
      } else if (heard.endsWith('\r\n\r\n')) {
        heard = ''
        socket.write(frameOf(
          JSON.stringify({action: 'Client/authentication', details: [{token}]})))
      }
    })
  })
}

/** One connection for each of these users. */
export async function clientsAt({ready}, secret, users, options = {}) {
  const url = options.url ?? ready.clientUrl
  const tokens = await Promise.all(users.map((user) =>
    signToken({user, groups: ['g'], ttlMs: 3_600_000}, secret)))
  return openAll(tokens.map((token) => ({url, token, ...options})))
}

/** Each of these, some at a time. */
export async function openAll(wanted) {
  const open = []
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    open.push(...await Promise.all(wanted.slice(at, at + AT_ONCE).map(openOne)))
  }
  return {
    open,
    end() {
      for (const {socket} of open) {
        socket.removeAllListeners('close')
        socket.on('error', () => {})
        socket.destroy()
      }
    },
  }
}
