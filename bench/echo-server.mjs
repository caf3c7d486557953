// A WebSocket server that echoes and does nothing else; prints {"port"} when it listens.
import {WebSocketServer} from 'ws'

const server = new WebSocketServer({
  host: '127.0.0.1', port: 0, backlog: 4096, perMessageDeflate: false,
})
server.on('connection', (ws) => {
  ws.on('error', () => ws.terminate())
  ws.on('message', (data) => ws.send(data, {binary: false}))
})
server.once('listening', () => console.log(JSON.stringify({port: server.address().port})))
