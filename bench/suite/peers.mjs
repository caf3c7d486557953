/**
 * The servers that are compared. Each gives {pids, ports, children, …}: what a client says to be
 * let in, and how one asks that a message goes to everyone, a group or a user. All do the same work:
 * `nodes` servers on this machine, clients in a group and known as users.
 */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {loadSecret} from '../../dist/lib/auth/secret.js'
import {signToken} from '../../dist/lib/auth/token.js'
import {childrenOf, freePort, listening, start, startJson, stop, until} from './processes.mjs'
import {program} from './programs.mjs'

const here = (...parts) => join(import.meta.dirname, '..', ...parts)
const BIN = here('..', 'bin', 'run.js')
const NODE = process.execPath

/** A master waits for copies at so many nodes, itself among them. */
const VIEW_MAX = 7

/** The group and the user that messages of a bench are for. */
export const GROUP = 'g'
export const USER = 'target'

/** A server that has `children`, and the folder of its own if it has one. */
const made = (children, rest, folder) => ({
  children,
  pids: children.map(({pid}) => pid),
  stop: async () => {
    await stop(children)
    if (folder) rmSync(folder, {recursive: true, force: true})
  },
  ...rest,
})

const folderOf = (name) => mkdtempSync(join(tmpdir(), `wsmesh-bench-${name}-`))

/** JSON frames of a text, as wsmesh has them: for `all`, `group` and `user`. */
const jsonFrames = {
  all: ['{"action":"all","details":["', '"]}'],
  group: ['{"action":"group","details":["', `","${GROUP}"]}`],
  user: ['{"action":"user","details":["', `","${USER}"]}`],
}

const hello = (user, groups = [GROUP]) =>
  JSON.stringify({action: 'hello', details: [{user, groups}]})

/** As users run it, but for the rates and the number of actions of the one flooding publisher. */
export const SERVE = [
  BIN, 'serve', '--port', '0', '--json', '--log-level', 'warn',
  '--actions', here('peers', 'wsmesh-actions.mjs'), '--max-actions-per-second', '0',
  '--max-user-actions-per-second', '0', '--max-handlers', '4096',
]

function startNode(env, {execArgv = [], ipc = false, serve = []}) {
  return startJson(NODE, [...execArgv, ...SERVE, ...serve], {env, ipc})
}

async function wsmesh({nodes = 1, ...args} = {}) {
  const folder = folderOf('wsmesh')
  const env = {...process.env, WSMESH_DATA_DIR: folder}
  const started = []
  for (let at = 0; at < nodes; at += 1) {
    started.push(await startNode(env, args))
  }
  const urls = started.map(({line}) => line.httpUrl)
  await until(async () => {
    const views = await Promise.all(urls.map(async (url) => (await fetch(`${url}/stats`)).json()))
    return views.some(({role, view, links}) =>
      role === 'master' && links === nodes - 1 && view.length === Math.min(nodes, VIEW_MAX))
  }, 'a master that sees all nodes')
  return made(started.map(({child}) => child), {
    ports: urls.map((url) => new URL(url).port), urls, ...await wsmeshDoor(folder),
  }, folder)
}

/** What a client says to a node of wsmesh whose data folder this is, and asks of it. */
export async function wsmeshDoor(folder) {
  const secret = await loadSecret({env: {}, dataDir: folder})
  const token = (user, groups = [GROUP]) => signToken({user, groups, ttlMs: 3_600_000}, secret)
  const auth = async (user, groups) =>
    JSON.stringify({action: 'Client/authentication', details: [{token: await token(user, groups)}]})
  return {
    path: '/WebSockets', protocol: 'wsmesh.v1', ready: '"ok"', frames: jsonFrames,
    first: auth,
    /** One frame a line: each client is a user of its own. */
    firstFile: async (users, groups) => {
      const file = join(folder, 'first.txt')
      const lines = await Promise.all(users.map((user, at) => auth(user, groups?.[at])))
      writeFileSync(file, lines.join('\n'))
      return file
    },
  }
}

async function wsMesh({nodes = 3} = {}) {
  const file = here('peers', 'ws-mesh.mjs')
  const started = [await startJson(NODE, [file])]
  const url = `ws://127.0.0.1:${started[0].line.port}/link`
  while (started.length < nodes) started.push(await startJson(NODE, [file, url]))
  return made(started.map(({child}) => child), {
    ports: started.map(({line}) => line.port), first: hello, ready: '"ok"', frames: jsonFrames,
  })
}

const single = (file) => async () => {
  const {child, line} = await startJson(NODE, [here('peers', file)])
  return made([child], {ports: [line.port], first: hello, ready: '"ok"', frames: jsonFrames})
}

async function limit({frameBytes = 0, programs}) {
  if (!programs.limit) return undefined
  const port = await freePort()
  const child = start(programs.limit, [port, frameBytes].map(String))
  await listening(port)
  return made([child], {ports: [port], frames: jsonFrames})
}

const socketIoWire = {
  path: '/socket.io/?EIO=4&transport=websocket', ready: '42["in"]', auto: ['2', '3'],
  first: (user, groups = [GROUP]) => `40${JSON.stringify({user, groups})}`,
  frames: {
    all: ['42["all","', '"]'],
    group: ['42["group","', `","${GROUP}"]`],
    user: ['42["user","', `","${USER}"]`],
  },
}

async function socketIo() {
  const {child, line} = await startJson(NODE, [here('peers', 'socket-io.mjs')])
  return made([child], {ports: [line.port], ...socketIoWire})
}

async function socketIoRedis({nodes = 3} = {}) {
  const redis = program('redis-server')
  if (!redis) return undefined
  const port = await freePort()
  const folder = folderOf('redis')
  const children = [start(redis.path, ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir',
    folder, '--daemonize', 'no'].map(String), {env: redis.env})]
  await listening(port)
  const started = []
  for (let at = 0; at < nodes; at += 1) {
    const args = [here('peers', 'socket-io.mjs'), 'redis', `redis://127.0.0.1:${port}`]
    started.push(await startJson(NODE, args))
  }
  return made([...children, ...started.map(({child}) => child)], {
    ports: started.map(({line}) => line.port), ...socketIoWire,
  }, folder)
}

async function socketIoCluster({nodes = 3} = {}) {
  const args = [here('peers', 'socket-io.mjs'), 'cluster', String(nodes)]
  const {child, line} = await startJson(NODE, args)
  const server = made([child], {ports: line.ports, ...socketIoWire})
  const workers = childrenOf(child.pid)
  return {...server, pids: [child.pid, ...workers], stop: async () => {
    for (const pid of workers) process.kill(pid, 'SIGKILL')
    await server.stop()
  }}
}

async function nats({nodes = 1} = {}) {
  const server = program('nats-server')
  if (!server) return undefined
  const folder = folderOf('nats')
  const places = []
  for (let at = 0; at < nodes; at += 1) {
    places.push({client: await freePort(), web: await freePort(), route: await freePort()})
  }
  const children = places.map(({client, web, route}, at) => {
    const others = places.filter((place) => place.route !== route)
    const file = join(folder, `${at}.conf`)
    writeFileSync(file, [
      `listen: 127.0.0.1:${client}`, `server_name: n${at}`, 'max_connections: 20000',
      `websocket { listen: "127.0.0.1:${web}", no_tls: true, compression: false }`,
      nodes === 1 ? '' : `cluster { name: bench, listen: 127.0.0.1:${route}, routes: [${
        others.map((place) => `nats-route://127.0.0.1:${place.route}`).join(', ')}] }`,
    ].join('\n'))
    return start(server.path, ['-c', file], {stdio: 'ignore'})
  })
  for (const {web} of places) await listening(web)
  return made(children, {
    ports: places.map(({web}) => web), opcode: 2, ready: 'PONG', auto: ['PING\r\n', 'PONG\r\n'],
    first: (user, groups = [GROUP]) => [
      'CONNECT {"verbose":false,"pedantic":false,"lang":"c","version":"1","protocol":1}',
      ...['all', `u.${user}`, ...groups].map((subject, at) => `SUB ${subject} ${at}`), 'PING', '',
    ].join('\r\n'),
    frames: (bytes) => ({
      all: [`PUB all ${bytes}\r\n`, '\r\n'],
      group: [`PUB ${GROUP} ${bytes}\r\n`, '\r\n'],
      user: [`PUB u.${USER} ${bytes}\r\n`, '\r\n'],
    }),
  }, folder)
}

async function nchan() {
  const nginx = program('nginx')
  const module = program('nchan')
  if (!nginx || !module) return undefined
  const folder = folderOf('nchan')
  mkdirSync(join(folder, 'logs'))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, `
load_module ${module.path};
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/logs/error.log;
worker_processes 1;
events { worker_connections 20000; }
http {
  access_log off;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /all {
      nchan_pubsub websocket;
      nchan_channel_id all;
      nchan_message_buffer_length 2000;
      nchan_message_timeout 1m;
    }
  }
}
`)
  const log = join(folder, 'logs', 'error.log')
  const child = start(nginx.path, ['-c', file, '-p', folder, '-e', log])
  await listening(port)
  const server = made([child], {ports: [port], path: '/all', frames: {all: ['', '']}}, folder)
  const workers = childrenOf(child.pid)
  return {...server, pids: [child.pid, ...workers], stop: async () => {
    for (const pid of workers) process.kill(pid, 'SIGKILL')
    await server.stop()
  }}
}

/** Every peer by name. `start` gives undefined where it cannot run here. */
export const peers = {
  wsmesh, limit, 'ws-mesh': wsMesh, ws: single('ws-plain.mjs'), uws: single('uws.mjs'),
  'socket.io': socketIo, 'socket.io-redis': socketIoRedis, 'socket.io-cluster': socketIoCluster,
  nats, nchan,
}

/** What a client of `server` is for the driver. */
export function door(server, at, user, groups) {
  return {...server, port: server.ports[at], first: server.first?.(user, groups)}
}

/** [prefix, suffix] of a message for `to`: all, group or user. */
export function frameTo(server, to, bytes) {
  const frames = typeof server.frames === 'function' ? server.frames(bytes) : server.frames
  return {prefix: frames[to][0], suffix: frames[to][1], opcode: server.opcode ?? 1, bytes}
}
