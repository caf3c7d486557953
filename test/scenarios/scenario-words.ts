import type {Receipt, Standing} from '../../src/lib/mesh/effect.js'
import type {OrderLedger} from '../../src/lib/simulation/order-ledger.js'
import type {SimClient} from '../../src/lib/simulation/sim-client.js'
import type {SimMesh} from '../../src/lib/simulation/sim-mesh.js'
import {unreachable} from '../../src/lib/util/assert.js'

/** Not told: only another one is news. */
const FIRST_EPOCH = 'e1'

export function describeStanding(standing: Standing): string {
  switch (standing.state) {
    case 'mastering': {
      return `is master of term ${standing.term}`
    }
    case 'following': {
      return `follows ${standing.master} in term ${standing.term}`
    }
    case 'seeking': {
      return 'seeks a master'
    }
    case 'isolated': {
      return 'is isolated: its clients are sent away'
    }
    case 'joining':
    case 'linked':
    case 'drained': {
      return `is ${standing.state}`
    }
    default: {
      return unreachable(standing)
    }
  }
}

export function describeReceipt(receipt: Receipt | undefined, ledger: OrderLedger): string {
  if (!receipt) return 'no receipt yet'
  if (receipt.type === 'timeout') return 'unknown after 10 s'
  const {position, byNode, missing} = receipt
  if (!position) return 'stable long ago'
  const earlier = receipt.isEarlier ? ', counted by nobody who remembers' : ''
  const entry = ledger.find(position.epoch, position.seq)
  const nodes = entry ? [...entry.deliveredBy.keys()].toSorted().join(' ') : ''
  const counts = byNode
    .map(({node, connections}) => `${connections} on ${node}`)
    .toSorted()
    .join(', ')
  const gone = missing.length > 0 ? `, missing ${missing.join(' ')}` : ''
  return `${position.term}.${position.seq} on ${nodes}; connections: ${counts || 'none'}${gone}${earlier}`
}

export function describeState(mesh: SimMesh): string {
  const lines = mesh.hosts.map((host) => {
    const process = mesh.processAt(host)
    if (!process) return `node ${host.index + 1} does not run`
    const stopped = process.state === 'paused' ? ' (stopped)' : ''
    return `${process.id}${stopped} ${describeStanding(process.core.standing)}`
  })
  const {lease, members} = mesh.store
  const holder = lease?.holder ?? 'nobody'
  lines.push(
    lease
      ? `lease: term ${lease.term}, ${holder}, view ${lease.view.map(({id}) => id).join(' ') || '-'}`
      : 'lease: missing',
    `pool: ${members.map(({id}) => id).join(' ') || 'empty'}`,
  )
  return lines.join('\n')
}

/** Each tab's connection and what it read since it came there. */
export function describeTabs(tabs: readonly SimClient[], mesh: SimMesh): string {
  return tabs
    .map((tab) => {
      tab.line?.settle(mesh.nowMs)
      const {name, position, messages, wasRecovered, line, lastNode} = tab
      const epoch = position?.epoch === FIRST_EPOCH ? '' : `${position?.epoch}.`
      const at = position ? `${epoch}${position.term}.${position.seq}` : 'nowhere'
      const came = wasRecovered ? ', recovered' : ''
      return `${name}: ${line ? `at ${lastNode}${came}` : 'away'}, position ${at}, read ${messages}`
    })
    .join('\n')
}
