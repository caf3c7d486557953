// One server on plain `ws`, as its README has it: JSON in, JSON out, client.send() for each client.
import {WebSocketServer} from 'ws'

const server = new WebSocketServer({host: '127.0.0.1', port: 0, perMessageDeflate: false})

server.on('connection', (socket) => {
  socket.on('error', console.error)
  socket.on('message', (data) => {
    const {action, details} = JSON.parse(data.toString())
    if (action === 'hello') {
      socket.send('{"action":"hello","details":["ok"]}')
      return
    }
    const text = JSON.stringify({action: 'm', details: [details[0]]})
    for (const client of server.clients) client.send(text)
  })
})
server.on('listening', () => console.log(JSON.stringify({port: server.address().port})))
