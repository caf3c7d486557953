// One server on uWebSockets with its own publish/subscribe.
import uWS from 'uwebsockets'

const app = uWS.App()
const decoder = new TextDecoder()

app.ws('/*', {
  compression: uWS.DISABLED,
  idleTimeout: 120,
  maxBackpressure: 16 * 1024 * 1024,
  open: (socket) => socket.subscribe('all'),
  message: (socket, data) => {
    const {action, details} = JSON.parse(decoder.decode(data))
    if (action === 'hello') socket.send('{"action":"hello","details":["ok"]}')
    else app.publish('all', JSON.stringify({action: 'm', details: [details[0]]}))
  },
})
app.listen('127.0.0.1', 0, (socket) => {
  console.log(JSON.stringify({port: uWS.us_socket_local_port(socket)}))
})
