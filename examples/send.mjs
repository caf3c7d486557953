// Send from a program of your own, beside a node that runs (wsmesh serve):
// node examples/send.mjs ws://127.0.0.1:8080/mesh

import {connectOperator, defaultDataDir, loadSecret} from 'wsmesh'

const url = process.argv[2] ?? 'ws://127.0.0.1:8080/mesh'
const secret = await loadSecret({env: process.env, dataDir: defaultDataDir(process.env)})
const mesh = await connectOperator({url, secret, timeoutMs: 5000})

const message = {action: 'hello', details: ['Hi'], target: {user: 42}}
const {connections, nodes} = await mesh.publish(message, 5000)
console.log({connections, nodes})
mesh.close()
