import {MeshCore} from '../../src/lib/mesh/core.js'
import type {MakeCore} from '../../src/lib/simulation/core-like.js'

/** Node n2 never gets a message: a bug that any simulation must find. */
export const withDeafNode: MakeCore = (options) => {
  const core = new MeshCore(options)
  if (options.self.id !== 'n2') return core
  return {
    step(event, now) {
      const isRelay = event.type === 'frame' && event.frame.type === 'relay'
      return isRelay && event.frame.entries.length > 0 ? [] : core.step(event, now)
    },
    recover: (position) => core.recover(position),
    stats: () => core.stats(),
    get position() {
      return core.position
    },
    get standing() {
      return core.standing
    },
  }
}
