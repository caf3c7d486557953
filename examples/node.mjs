// A node inside a program of your own, in one mesh with those of `wsmesh serve`:
// node examples/node.mjs

import {
  createNode, defaultDataDir, defaultNodeConfig, defaultNodeServices, loadSecret, openPoolStore,
} from 'wsmesh'

const dataDir = defaultDataDir(process.env)
const secret = await loadSecret({env: process.env, dataDir})
const store = await openPoolStore({url: process.env.WSMESH_POOL ?? 'sqlite:', dataDir})

const config = {...defaultNodeConfig(), port: 0}   // any free port
const node = await createNode(config, {...defaultNodeServices(), store, secret})
await node.ready
console.log(`${node.id} is ${node.stats().role}, clients at ${node.addresses.clientUrl}`)

const {connections} = await node.publish('hello', ['Hi'], {everyone: true})
console.log({connections})

// When your program ends: clients go to other nodes, and nobody has to find out that it is gone
await node.drain()
