/** Against bare sockets: servers that say whatever they like. */
import {once} from 'node:events'
import {globalAgent} from 'node:http'
import {createServer} from 'node:net'
import type {AddressInfo, Socket} from 'node:net'
import {describe, expect, it} from 'vitest'
import {askHttp} from '../../../src/lib/auth/ask-http.js'
import type {HttpAnswer} from '../../../src/lib/auth/ask-http.js'
import {eventually} from '../../helpers/eventually.js'

/** `answer` is called when a request has begun. */
async function asked(
  answer: (socket: Socket) => void, signal = AbortSignal.timeout(10_000),
): Promise<HttpAnswer> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  try {
    return await askHttp(`http://127.0.0.1:${port}/`, {
      method: 'POST', headers: {}, body: '{}', signal, bytesMax: 100,
      isRead: (status) => status !== 403,
    })
  } finally {
    server.close()
  }
}

function says(status: string, body = '', ...headers: readonly string[]) {
  const head = [`HTTP/1.1 ${status}`, `content-length: ${body.length}`, 'connection: close']
  return (socket: Socket): void => {
    socket.write(`${[...head, ...headers].join('\r\n')}\r\n\r\n${body}`)
  }
}

describe('an answer', () => {
  it('is its status and its text', async () => {
    expect(await asked(says('200 OK', 'yes'))).toEqual({status: 200, body: 'yes'})
    expect(await asked(says('302 Found', '', 'location: http://127.0.0.1:1/')))
      .toEqual({status: 302, body: ''})
  })

  it('counts after those that only announce it', async () => {
    const answered = asked((socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n')
      says('200 OK', 'yes')(socket)
    })
    expect(await answered).toEqual({status: 200, body: 'yes'})
  })

  it('whose body does not matter is not waited for', async () => {
    const answered = asked((socket) => {
      socket.write('HTTP/1.1 403 No\r\ncontent-length: 1000\r\n\r\n')
    })
    expect(await answered).toEqual({status: 403, body: ''})
  })
})

describe('no whole answer is a failure', () => {
  it.each([
    ['too much', says('200 OK', 'x'.repeat(101)), 'it answers more than 100 bytes'],
    ['half of it', (socket: Socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"re')
    }, 'aborted'],
    ['another protocol', (socket: Socket) => {
      socket.write('HTTP/1.1 101 Other\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
    }, 'it answers 101'],
    ['rubbish', (socket: Socket) => {
      socket.end('SSH-2.0\r\n')
    }, 'Parse Error'],
    ['nothing', (socket: Socket) => {
      socket.end()
    }, 'socket hang up'],
    ['compressed', says('200 OK', 'xx', 'content-encoding: gzip'), 'Content-Encoding gzip'],
  ])('%s', async (_name, answer, why) => {
    await expect(asked(answer)).rejects.toThrow(why)
  })

  it('one that takes too long rejects with why', async () => {
    const signal = AbortSignal.timeout(50)
    await expect(asked(() => {}, signal)).rejects.toMatchObject({name: 'TimeoutError'})
  })

  // With fetch of Node 20 the reset would be an error that nobody can catch.
  it('encoded more often than anybody decodes, and then a reset, harms nobody', async () => {
    let peer: Socket | undefined
    const answer = asked((socket) => {
      peer = socket
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n' +
        `content-encoding: ${Array.from({length: 8}, () => 'gzip').join(', ')}\r\n\r\n`)
    })
    await expect(answer).rejects.toThrow('Content-Encoding gzip, gzip')
    if (peer?.closed === false) await once(peer, 'close')
    expect(peer?.destroyed).toBe(true)
  })
})

/** Of each connection the first request is answered; `end` has the next one. */
async function askTwice(end: (socket: Socket) => void, end1 = end): Promise<readonly unknown[]> {
  let connections = 0
  let requests = 0
  const server = createServer((socket) => {
    connections += 1
    const isFirst = connections === 1
    let answered = 0
    socket.on('error', () => socket.destroy())
    socket.on('data', () => {
      requests += 1
      answered += 1
      if (!isFirst) end1(socket)
      else if (answered === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes')
      else end(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  const ask = () => askHttp(`http://127.0.0.1:${port}/`, {
    method: 'POST', headers: {}, body: '{}', signal: AbortSignal.timeout(10_000), bytesMax: 100,
  })
  try {
    expect(await ask()).toEqual({status: 200, body: 'yes'})
    await eventually(() => Object.keys(globalAgent.freeSockets).some((name) =>
      name.includes(`:${port}:`)), {what: 'a kept connection'})
    const second = await ask().then(({body}) => body, (error: Error) => error.message)
    return [second, connections, requests]
  } finally {
    server.close()
  }
}

function gone(socket: Socket): void {
  socket.resetAndDestroy()
}

function half(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal', () => socket.destroy())
}

describe('a connection that was kept', () => {
  it('and is closed without an answer: it is asked again, once, on another', async () => {
    expect(await askTwice(gone, says('200 OK', 'again'))).toEqual(['again', 2, 3])
    expect(await askTwice((socket) => void socket.end(), says('200 OK', 'again')))
      .toEqual(['again', 2, 3])
    expect(await askTwice(gone)).toEqual([expect.stringMatching(/ECONNRESET|hang up/), 2, 3])
  })

  it('and is closed within an answer: it is not asked again', async () => {
    expect(await askTwice(half)).toEqual([expect.any(String), 1, 2])
  })
})
