/**
 * One connection for the tabs of a browser that share it. Whoever holds the lock is the leader: it
 * has the connection, and tells the others over a channel of its state and of each frame. When its
 * tab dies, the browser gives the lock to another, which goes on from its own position.
 *
 * What makes that without hole or repeat: a browser passes the messages of a channel to all tabs in
 * one order. So when a tab hears the next leader for the first time, it has heard exactly what that
 * leader had heard of the one before; from then on it hears nobody else. Whatever is said twice has
 * a position that was there before, and whoever begins after another's position says so.
 */
import {onWake, tabTools} from './environment.js'
import type {Channel, Locks, TabTools} from './environment.js'
import {isAfter} from './frame.js'
import type {Frame} from './frame.js'
import type {Line, LineOwner} from './line.js'
import {Link} from './link.js'
import type {Settings} from './settings.js'
import type {MeshState} from './types.js'

/** Frames that the leader keeps for tabs that join with an older position. */
const KEPT_MAX = 256
/** The next leader waits so long: that the one before was closed for good may be on its way. */
const LAST_WORDS_MS = 50

const CONNECTING: MeshState = {type: 'connecting'}

type Word =
  /** A tab is there, or was asleep: it has everything up to `position`. */
  | {readonly type: 'join'; readonly position: string | undefined}
  | {readonly type: 'write'; readonly text: string}
  | {readonly type: 'frame'; readonly frame: Frame}
  | Told

/** By whom it was said comes first. */
interface Said {
  readonly data: readonly [from: string, word: Word]
}

/** How it stands with the connection, and where an open one's stream begins. */
interface Told {
  readonly type: 'state'
  readonly state: MeshState
  readonly position?: string | undefined
  /** Nothing began: the connection was open before. */
  readonly isRenewal?: boolean
  /** For one tab alone, with what came after its position. */
  readonly to?: string
  readonly missed?: readonly Frame[]
}

/** Undefined where tabs cannot share: there are no locks or channels, as outside of https. */
export function shareLine(settings: Settings, owner: LineOwner): Line | undefined {
  const tools = tabTools()
  return tools && new SharedLine(settings, owner, tools)
}

class SharedLine implements Line {
  readonly tag = `${Math.random().toString(36).slice(2, 10)}-`
  readonly #settings: Settings
  readonly #owner: LineOwner
  readonly #locks: Locks
  readonly #channel: Channel
  readonly #name: string
  readonly #abort = new AbortController()
  #sleep: () => void = () => {}
  #release: () => void = () => {}
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Of the leader alone. */
  #link: Link | undefined
  #state = CONNECTING
  /** Its last frames: all that came after `#keptAfter`. */
  #kept: Frame[] = []
  #keptAfter: string | undefined
  /** Whom the others hear, and whether they have their place in what it says. */
  #leader: string | undefined
  #isIn = false
  #recovered: boolean | null = null

  constructor(settings: Settings, owner: LineOwner, {locks, Channel}: TabTools) {
    this.#settings = settings
    this.#owner = owner
    this.#locks = locks
    this.#name = ['wsmesh', settings.shared, ...settings.urls].join(' ')
    this.#channel = new Channel(this.#name)
  }

  start(): void {
    this.#channel.addEventListener('message', ({data}: Said) => this.#heard(...data))
    this.#owner.changed(CONNECTING)
    this.#join()
    this.#sleep = onWake(() => this.#join())
    const {signal} = this.#abort
    this.#locks.request(this.#name, {signal}, () => this.#lead()).catch(() => {
      // It was closed before its turn came.
    })
  }

  write(text: string): boolean {
    if (this.#link !== undefined) return this.#link.write(text)
    if (this.#isIn) this.#say({type: 'write', text})
    return this.#isIn
  }

  close(): void {
    this.#sleep()
    this.#abort.abort()
    clearTimeout(this.#timer)
    if (this.#link !== undefined) {
      this.#link.close()
      this.#say({type: 'state', state: CONNECTING})
    }
    this.#isIn = false
    this.#channel.close()
    this.#release()
  }

  #say(word: Word): void {
    // A channel is of one origin: it takes no target.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#channel.postMessage([this.tag, word])
  }

  #join(): void {
    if (this.#link === undefined) this.#say({type: 'join', position: this.#owner.position})
  }

  #heard(from: string, word: Word): void {
    switch (word.type) {
      case 'join':
        if (this.#link !== undefined) this.#welcome(from, word.position)
        return
      case 'write':
        this.#link?.write(word.text)
        return
      case 'state':
        if (this.#link === undefined && (word.to ?? this.tag) === this.tag) this.#told(from, word)
        return
      case 'frame':
        if (this.#isIn && from === this.#leader) this.#owner.arrived(word.frame)
    }
  }

  #lead(): Promise<void> {
    return new Promise((release) => {
      this.#release = release
      // From here on nobody hears the one before: this tab and the others go on from one place.
      this.#isIn = false
      this.#owner.changed(CONNECTING)
      this.#say({type: 'state', state: CONNECTING})
      this.#timer = setTimeout(() => {
        this.#keptAfter = this.#owner.position
        this.#link = new Link(this.#settings, this.#asOwner())
        this.#link.start()
      }, LAST_WORDS_MS)
    })
  }

  /** The leader's connection: everybody hears of it before this tab's listeners do. */
  #asOwner(): LineOwner {
    const owner = this.#owner
    return {
      get position() {
        return owner.position
      },
      changed: (state, position) => {
        const isRenewal = state.type === 'open' && this.#state.type === 'open'
        this.#state = state
        if (state.type === 'open' && state.recovered !== true && !isRenewal) {
          this.#kept = []
          this.#keptAfter = position
        }
        this.#say({type: 'state', state, position, isRenewal})
        owner.changed(state, position)
      },
      arrived: (frame) => {
        if (frame.position !== undefined) this.#keep(frame)
        this.#say({type: 'frame', frame})
        owner.arrived(frame)
      },
    }
  }

  #keep(frame: Frame): void {
    this.#kept.push(frame)
    if (this.#kept.length > KEPT_MAX) this.#keptAfter = this.#kept.shift()?.position
  }

  #welcome(to: string, theirs: string | undefined): void {
    // A tab that wakes may be the first to know that the network is another one.
    this.#link?.wake()
    const isKept = theirs !== undefined && !isAfter(this.#keptAfter ?? '', theirs)
    const missed = this.#kept.filter(({position}) => isKept && isAfter(position ?? '', theirs))
    const position = isKept ? theirs : this.#owner.position
    this.#say({type: 'state', to, state: this.#state, position, missed})
  }

  #told(from: string, {state, position, isRenewal, to, missed = []}: Told): void {
    if (from !== this.#leader) this.#isIn = false
    this.#leader = from
    if (state.type !== 'open') {
      this.#isIn = false
      this.#owner.changed(state)
      return
    }
    const wasIn = this.#isIn
    if (!wasIn && isRenewal === true) return
    const mine = this.#owner.position
    const isHole = mine !== undefined && position !== undefined && isAfter(position, mine)
    if (wasIn && isHole) this.#owner.changed(CONNECTING)
    if (!wasIn || isHole) this.#recovered = mine === undefined ? null : !isHole
    this.#isIn = true
    if (!wasIn || isHole || to === undefined) {
      const begins = isHole || mine === undefined ? position : undefined
      this.#owner.changed({...state, recovered: this.#recovered}, begins)
    }
    for (const frame of missed) this.#owner.arrived(frame)
  }
}
