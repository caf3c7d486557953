/**
 * An echo server that forgets to let go of what its arguments name: objects, strings, listeners,
 * timers, buffers, files; or has a bounded cache, which fills for long (cache), or grows once (once).
 * Without: it is clean.
 * GET /sample answers with a sample of it, as any server could. Prints its port.
 */
import {EventEmitter} from 'node:events'
import {openSync} from 'node:fs'
import {createServer} from 'node:http'
import {WebSocketServer} from 'ws'
import {sampleProcess} from '../../dist/index.js'

class Forgotten {
  number = 0
}

class Bus extends EventEmitter {}

const bus = new Bus().setMaxListeners(0)
const kept = {objects: [], strings: new Set(), buffers: [], cache: new Map(), once: []}
let connections = 0

/** Called with the number of the connection. */
const FAULTS = {
  objects: () => kept.objects.push(new Forgotten()),
  strings: (n) => kept.strings.add(`user ${n}`),
  listeners: (n) => bus.on('news', () => n),
  timers: () => setInterval(() => {}, 3_600_000).unref(),
  buffers: () => kept.buffers.push(Buffer.alloc(4096)),
  files: (n) => n % 5 === 0 && openSync('/dev/null'),
  cache(n) {
    kept.cache.set(`key ${n % 550}`, [1, 2, 3].map((m) => ({cachedKey: m})))
  },
  once(n) {
    if (n === 700) for (let m = 0; m < 8000; m += 1) kept.once.push({onceKey: m})
  },
}
const faults = process.argv.slice(2)

async function answer(request, response) {
  response.setHeader('connection', 'close')
  if (request.url === '/sample') response.end(JSON.stringify(await sampleProcess()))
  else response.writeHead(404).end()
}

const server = createServer((request, response) => void answer(request, response))
const sockets = new WebSocketServer({server, perMessageDeflate: false})
sockets.on('connection', (socket) => {
  connections += 1
  for (const name of faults) FAULTS[name](connections)
  socket.on('error', () => {})
  socket.on('message', (data) => socket.send(data))
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
process.on('disconnect', () => process.exit())
