/** Who is master, told when it changes. */
import type {Standing} from '../mesh/effect.js'
import type {OperatorEvent} from '../protocol/operator-frame.js'
import type {NodeId} from '../util/brand.js'
import type {Counters} from './counters.js'

type MasterEvent = Extract<OperatorEvent, {readonly event: 'master'}>

export interface MasterNewsOptions {
  readonly self: NodeId
  readonly counters: Counters
  readonly onChange: (event: MasterEvent) => void
}

export class MasterNews {
  readonly #options: MasterNewsOptions
  #now: MasterEvent = {event: 'master', master: null, term: 0}
  /** The last one, though there may be none at the moment. */
  #last: NodeId | undefined

  constructor(options: MasterNewsOptions) {
    this.#options = options
  }

  /** This node stands there now. */
  heard(standing: Standing): void {
    const {self, counters, onChange} = this.#options
    const before = this.#now
    const news = masterOf(standing, self)
    this.#now = news
    if (news.master === before.master && news.term === before.term) return
    onChange(news)
    if (news.master === null || news.master === this.#last) return
    if (this.#last !== undefined) counters.add('masterChanges')
    this.#last = news.master
  }
}

function masterOf(standing: Standing, self: NodeId): MasterEvent {
  const term = 'term' in standing ? standing.term : 0
  if (standing.state === 'mastering') return {event: 'master', master: self, term}
  return {event: 'master', master: standing.state === 'following' ? standing.master : null, term}
}
