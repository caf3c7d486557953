/** What the charts show: ten minutes by the second and six hours by ten, and nothing beyond. */
import {SERIES, type History, type SeriesName} from './wire.js'

const FINE = {stepS: 1, points: 600}
const COARSE = {stepS: 10, points: 2160}
/** Nodes that left are forgotten when so many have. */
const NODES_MAX = 200

export type Sample = Readonly<Record<SeriesName, number | null>>

/** A ring of samples: memory is taken once, at its full size, four bytes a number. */
class Ring {
  readonly #stepS: number
  readonly #size: number
  readonly #at: Uint32Array
  readonly #values: Readonly<Record<SeriesName, Float32Array>>
  #count = 0

  constructor({stepS, points}: {readonly stepS: number; readonly points: number}) {
    this.#stepS = stepS
    this.#size = points
    this.#at = new Uint32Array(points)
    this.#values = columns(() => new Float32Array(points))
  }

  get lastS(): number {
    return this.#count === 0 ? 0 : (this.#at[(this.#count - 1) % this.#size] ?? 0)
  }

  /** Of one step the worst is kept: a peak of a second must be seen six hours later. */
  add(atS: number, sample: Sample): void {
    const stepS = atS - (atS % this.#stepS)
    const isSame = this.#count > 0 && this.lastS >= stepS
    if (!isSame) this.#count += 1
    const place = (this.#count - 1) % this.#size
    this.#at[place] = isSame ? this.lastS : stepS
    for (const name of SERIES) {
      const value = sample[name] ?? Number.NaN
      const before = this.#values[name][place] ?? Number.NaN
      const isHigher = !isSame || Number.isNaN(before) || value > before
      if (isHigher) this.#values[name][place] = value
    }
  }

  read(node: string | null): History {
    const kept = Math.min(this.#count, this.#size)
    const places = Array.from({length: kept}, (_, n) => (this.#count - kept + n) % this.#size)
    return {
      node,
      at: places.map((place) => this.#at[place] ?? 0),
      series: columns((name) => places.map((place) => rounded(this.#values[name][place]))),
    }
  }
}

function columns<T>(of: (name: SeriesName) => T): Readonly<Record<SeriesName, T>> {
  return {
    inPerS: of('inPerS'),
    outPerS: of('outPerS'),
    relayedPerS: of('relayedPerS'),
    clients: of('clients'),
    users: of('users'),
    loopDelayMs: of('loopDelayMs'),
    rssBytes: of('rssBytes'),
    queueBytes: of('queueBytes'),
  }
}

function rounded(value: number | undefined): number | null {
  if (value === undefined || Number.isNaN(value)) return null
  return Number(value.toFixed(2))
}

interface Rings {
  readonly fine: Ring
  readonly coarse: Ring
}

export class HistoryBook {
  readonly #mesh: Rings = newRings()
  readonly #nodes = new Map<string, Rings>()

  /** `atMs`: milliseconds since 1970. */
  add(atMs: number, mesh: Sample, nodes: ReadonlyMap<string, Sample>): void {
    const atS = Math.floor(atMs / 1000)
    addTo(this.#mesh, atS, mesh)
    for (const [id, sample] of nodes) {
      const rings = this.#nodes.get(id) ?? newRings()
      this.#nodes.set(id, rings)
      addTo(rings, atS, sample)
    }
    this.#forget()
  }

  /** Empty for a node that is not known. */
  read(node: string | null, span: '10m' | '6h'): History {
    const rings = node === null ? this.#mesh : this.#nodes.get(node)
    if (rings === undefined) return {node, at: [], series: columns(() => [])}
    return (span === '10m' ? rings.fine : rings.coarse).read(node)
  }

  #forget(): void {
    while (this.#nodes.size > NODES_MAX) {
      const [oldest] = [...this.#nodes].toSorted(([, a], [, b]) => a.fine.lastS - b.fine.lastS)
      if (oldest === undefined) return
      this.#nodes.delete(oldest[0])
    }
  }
}

function newRings(): Rings {
  return {fine: new Ring(FINE), coarse: new Ring(COARSE)}
}

function addTo({fine, coarse}: Rings, atS: number, sample: Sample): void {
  fine.add(atS, sample)
  coarse.add(atS, sample)
}
