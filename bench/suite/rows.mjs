/**
 * What is measured. A row has peers and is run once a round for each of them; it gives runs
 * {mode, …figures}. Its goals say against whom: figure of wsmesh / figure of the peer, at most;
 * without a peer the figure itself.
 */
import {load, mesh, meshLoad, one} from './broadcasts.mjs'
import {connect, memory} from './connections.mjs'
import {behind, loop, scaling} from './node-rows.mjs'

const goal = (mode, peer, figure, must, wanted) => ({mode, peer, figure, must, goal: wanted})

export const rows = {
  one: {
    title: 'One node, broadcast to 1,000 clients',
    modes: {
      w1: 'one message at a time', w16: '16 messages in flight', r50: '50 messages a second',
    },
    peers: ['wsmesh', 'limit', 'ws', 'uws', 'nchan', 'nats', 'socket.io'],
    run: one,
    goals: [
      goal('w1', 'limit', 'cpuUs', 1.5, 1.2),
      goal('w1', 'socket.io', 'cpuUs', 0.5, undefined),
      goal('w1', 'nats', 'cpuUs', 0.5, undefined),
      goal('w1', 'uws', 'cpuUs', undefined, 1),
      goal('w1', 'nchan', 'cpuUs', undefined, 1),
      goal('w16', 'socket.io', 'cpuUs', 0.1, 0.06),
      goal('w16', 'nats', 'cpuUs', 0.35, 0.25),
      goal('w16', 'limit', 'writeUs', 1.5, 1.25),
      goal('w16', 'uws', 'cpuUs', undefined, 1),
      goal('r50', 'socket.io', 'cpuUs', 0.6, undefined),
      goal('r50', 'nats', 'cpuUs', 0.6, undefined),
      goal('r50', 'uws', 'cpuUs', undefined, 1),
    ],
  },
  mesh: {
    title: 'Three nodes',
    modes: {
      'group-w1': 'broadcast to 999 clients of one group, one message at a time',
      'group-w16': 'the same, 16 in flight',
      'user-w256': 'to one user on another node, 256 in flight',
      'user-r100': 'to one user on another node, 100 messages a second',
    },
    peers: ['wsmesh', 'ws-mesh', 'nats', 'socket.io-redis', 'socket.io-cluster'],
    run: mesh,
    goals: [
      goal('group-w1', 'socket.io-redis', 'cpuUs', 0.55, 0.45),
      goal('group-w16', 'socket.io-redis', 'cpuUs', 0.12, 0.08),
      goal('group-w1', 'nats', 'cpuUs', 0.65, 0.5),
      goal('group-w16', 'nats', 'cpuUs', 0.4, 0.3),
      goal('user-w256', 'socket.io-redis', 'cpuUs', 0.2, 0.1),
      goal('user-w256', 'nats', 'cpuUs', 2.5, 1),
      goal('user-r100', 'socket.io-redis', 'p50Us', 1, undefined),
      goal('user-r100', 'socket.io-redis', 'p99Us', 1, undefined),
      goal('user-r100', 'nats', 'p50Us', undefined, 1),
      goal('group-w1', 'ws-mesh', 'cpuUs', 1.4, 1.15),
      goal('group-w16', 'ws-mesh', 'cpuUs', 1.4, 1.15),
      goal('user-w256', 'ws-mesh', 'cpuUs', 1.4, 1.15),
    ],
  },
  memory: {
    title: 'Memory',
    modes: {idle: 'of an idle connection that has proved itself, 10,000 of them'},
    peers: ['wsmesh', 'ws', 'uws', 'socket.io', 'nats'],
    run: memory,
    goals: [
      goal('idle', undefined, 'bytes', 8 * 1024, 6.5 * 1024),
      goal('idle', 'ws', 'bytes', undefined, undefined),
    ],
  },
  connect: {
    title: 'Letting a connection in',
    modes: {arrive: '1,500 a second; `ws` is the handshake alone'},
    peers: ['wsmesh', 'ws', 'uws', 'socket.io', 'nats'],
    run: connect,
    goals: [goal('arrive', 'ws', 'cpuUs', 2, 1.3)],
  },
  loop: {
    title: 'The event loop at 80 % of a core',
    modes: {'load-80': 'broadcasts to 1,000 clients'},
    peers: ['wsmesh'],
    run: loop,
    goals: [goal('load-80', undefined, 'loopP999Ms', 20, 20)],
  },
  behind: {
    title: 'A small message behind big broadcasts',
    modes: {
      alone: 'nothing else', large: '32,000 bytes to 1,000 clients',
      many: '128 bytes to 8,000 clients',
    },
    peers: ['wsmesh'],
    run: behind,
    goals: [
      goal('large', undefined, 'p99Us', 5000, 5000), goal('many', undefined, 'p99Us', 5000, 5000),
    ],
  },
  scaling: {
    title: 'Cost as things grow',
    modes: {},
    peers: ['wsmesh'],
    run: scaling,
    goals: [],
  },
  load: {
    title: 'One node against the load',
    modes: {},
    peers: ['wsmesh', 'ws', 'uws', 'nats', 'socket.io'],
    run: load,
    goals: [],
  },
  'mesh-load': {
    title: 'Three nodes against the load',
    modes: {},
    peers: ['wsmesh', 'ws-mesh', 'nats', 'socket.io-redis'],
    run: meshLoad,
    goals: [],
  },
}
