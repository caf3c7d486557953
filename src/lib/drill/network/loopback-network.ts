/** Nodes side by side on the loopback address: nothing can be cut. */
import type {DrillNetwork, NodeRoom} from './drill-network.js'

export const LOOPBACK = '127.0.0.1'

const ROOM: NodeRoom = {
  prefix: [],
  flags: ['--host', LOOPBACK],
  opened() {},
  async close() {},
}

export const LOOPBACK_NETWORK: DrillNetwork = {
  type: 'loopback',
  ownHost: LOOPBACK,
  async room() {
    return ROOM
  },
  async cut() {
    throw new RangeError('Nothing can be cut here: the drill must say needsCuts')
  },
  async close() {},
}
