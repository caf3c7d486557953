/** A mesh as its nodes see it at one moment. Pure. */
import type {NodeStats} from '../protocol/operator-frame.js'
import type {Place} from './place.js'

export interface NodeLook extends NodeStats {
  readonly place: Place
}

/** More copies than this a master does not take. */
const COPIES_MAX = 7

/** All answer, name the same master in the same term, and count as copies. Says what is not so. */
export function whatIsNotWhole(looks: readonly (NodeLook | undefined)[]): string | undefined {
  const known = looks.filter((look) => look !== undefined)
  if (known.length < looks.length) {
    return `${looks.length - known.length} of ${looks.length} nodes do not answer`
  }
  if (known.some(({relay}) => relay === 'nats')) return whatIsNotWholeOnNats(known)
  const stray = known.find(({role}) => role !== 'master' && role !== 'follower')
  if (stray !== undefined) return `node ${stray.place.name} is ${stray.role}`
  const masters = known.filter(({role}) => role === 'master')
  if (masters.length !== 1) return `${masters.length} nodes are master`
  const orders = new Set(known.map(({master, epoch, term}) => `${master} ${epoch}.${term}`))
  if (orders.size > 1) return `nodes name different masters or terms: ${[...orders].join(', ')}`
  const copies = new Set(masters[0]?.view)
  const isCopied = copies.size >= COPIES_MAX || known.every(({node}) => copies.has(node))
  return isCopied ? undefined : `${copies.size} of ${looks.length} nodes count as copies`
}

/** All hear each other, and nobody who is gone. */
function whatIsNotWholeOnNats(looks: readonly NodeLook[]): string | undefined {
  const stray = looks.find(({role}) => role !== 'member')
  if (stray !== undefined) return `node ${stray.place.name} is ${stray.role}`
  const ids = new Set(looks.map(({node}) => node))
  const other = looks.find(({view}) => view.length !== ids.size || !view.every((id) => ids.has(id)))
  return other && `node ${other.place.name} hears ${other.view.length} nodes of ${ids.size}`
}
