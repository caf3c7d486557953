/**
 * Socket.IO: alone, or as one of several with an adapter between them.
 *
 *   node socket-io.mjs                    one server
 *   node socket-io.mjs redis URL          one of several, with Redis
 *   node socket-io.mjs cluster COUNT      COUNT workers of one process
 */
import cluster from 'node:cluster'
import {createServer} from 'node:http'
import process from 'node:process'
import {Server} from 'socket.io'

const [kind = 'alone', argument] = process.argv.slice(2)

async function adapter() {
  if (kind === 'redis') {
    const {createAdapter} = await import('@socket.io/redis-adapter')
    const {createClient} = await import('redis')
    const clients = [createClient({url: argument}), createClient({url: argument})]
    // At the end of a run Redis goes first
    for (const client of clients) client.on('error', () => undefined)
    await Promise.all(clients.map((client) => client.connect()))
    return createAdapter(...clients)
  }
  if (kind === 'cluster') return (await import('@socket.io/cluster-adapter')).createAdapter()
  return undefined
}

async function serve() {
  const http = createServer()
  const made = await adapter()
  const io = new Server(http, {
    transports: ['websocket'], perMessageDeflate: false, serveClient: false,
    ...(made ? {adapter: made} : {}),
  })
  io.on('connection', (socket) => {
    const {user, groups = []} = socket.handshake.auth
    socket.join([`u${user}`, ...groups.map((group) => `g${group}`)])
    socket.on('all', (text) => io.emit('m', text))
    socket.on('group', (text, group) => io.to(`g${group}`).emit('m', text))
    socket.on('user', (text, to) => io.to(`u${to}`).emit('m', text))
    socket.emit('in')
  })
  // Workers of a cluster would share a port: each gets one of its own
  http.listen({host: '127.0.0.1', port: 0, exclusive: true}, () => {
    const line = {port: http.address().port}
    if (cluster.isWorker) process.send({bench: line})
    else console.log(JSON.stringify(line))
  })
}

if (kind === 'cluster' && cluster.isPrimary) {
  const {setupPrimary} = await import('@socket.io/cluster-adapter')
  setupPrimary()
  const lines = []
  cluster.on('message', (worker, message) => {
    if (message.bench) lines.push(message.bench)
    if (message.bench && lines.length === Number(argument)) {
      console.log(JSON.stringify({ports: lines.map(({port}) => port)}))
    }
  })
  for (let at = 0; at < Number(argument); at += 1) cluster.fork()
} else await serve()
