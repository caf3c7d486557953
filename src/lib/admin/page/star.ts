/** Where the nodes stand in the picture: the master in the middle, the others around. Pure. */
import type {NodeRow} from '../wire.js'

export const WIDTH = 620
export const HEIGHT = 380
const CENTRE = {x: WIDTH / 2, y: HEIGHT / 2 - 6}

/** So many have room for a name and the words at their edges. */
const NAMED_MAX = 14
const WORDS_MAX = 8
/** More stand in two rings. */
const RING_MAX = 24

interface Point {
  readonly x: number
  readonly y: number
}

export interface Spot {
  readonly row: NodeRow
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly isMaster: boolean
  readonly isTroubled: boolean
  /** Its name stands below. */
  readonly isNamed: boolean
}

export interface Edge {
  readonly id: string
  readonly from: Point
  readonly to: Point
  readonly width: number
  readonly isBroken: boolean
  readonly rate: number
  readonly hasWords: boolean
  readonly isFlowing: boolean
  readonly words: Point
}

export interface Star {
  readonly centre: Point
  readonly spots: readonly Spot[]
  readonly edges: readonly Edge[]
  readonly hasMaster: boolean
}

export function starOf(nodes: readonly NodeRow[], master: string | null): Star {
  const middle = nodes.find(({id}) => id === master)
  const others = nodes.filter((row) => row !== middle)
  const isNamed = nodes.length <= NAMED_MAX
  const radius = isNamed ? 24 : others.length <= RING_MAX ? 15 : 10
  const centreRadius = Math.max(26, radius * 1.35)
  // Two stand side by side.
  const centre = others.length === 1 ? {x: CENTRE.x + 110, y: CENTRE.y} : CENTRE
  const around = others.map((row, index) =>
    spotOf(row, placeAround(index, others.length), radius, isNamed))
  const edges = middle === undefined ? [] : around.map((spot) =>
    edgeOf(spot, centre, centreRadius, others.length))
  const centred = middle === undefined ? [] : [
    {...spotOf(middle, centre, centreRadius, true), isMaster: true},
  ]
  return {centre, spots: [...centred, ...around], edges, hasMaster: middle !== undefined}
}

function placeAround(index: number, count: number): Point {
  const isOuter = count <= RING_MAX || index % 2 === 0
  const [rx, ry] = isOuter ? [WIDTH / 2 - 62, HEIGHT / 2 - 48] : [WIDTH / 2 - 130, HEIGHT / 2 - 100]
  if (count === 1) return {x: CENTRE.x - 110, y: CENTRE.y}
  // Few stand left and right, where the words have room; many begin at the top.
  const start = count <= 2 ? Math.PI : -Math.PI / 2
  const angle = start + (2 * Math.PI * index) / Math.max(1, count)
  return {x: CENTRE.x + rx * Math.cos(angle), y: CENTRE.y + ry * Math.sin(angle)}
}

function spotOf(
  row: NodeRow, {x, y}: Point, radius: number, isNamed: boolean,
): Spot {
  const isTroubled = row.state !== 'up' || row.role === 'seeking'
  return {row, x, y, radius, isMaster: false, isTroubled, isNamed: isNamed || isTroubled}
}

function edgeOf(spot: Spot, centre: Point, centreRadius: number, count: number): Edge {
  const dx = spot.x - centre.x
  const dy = spot.y - centre.y
  const length = Math.hypot(dx, dy) || 1
  const rate = spot.row.relayedPerS ?? 0
  const lift = Math.abs(dx) > Math.abs(dy) ? 12 : 0
  const isBroken = spot.row.state !== 'up' || spot.row.role !== 'follower'
  return {
    id: spot.row.id,
    from: {x: centre.x + (dx / length) * centreRadius, y: centre.y + (dy / length) * centreRadius},
    to: {x: spot.x - (dx / length) * spot.radius, y: spot.y - (dy / length) * spot.radius},
    width: widthOf(rate, count),
    isBroken,
    rate,
    hasWords: count <= WORDS_MAX && !isBroken,
    isFlowing: count <= NAMED_MAX && !isBroken && rate > 0,
    // Above a line that lies, beside one that stands.
    words: {x: centre.x + dx * 0.54, y: centre.y + dy * 0.54 - lift},
  }
}

/** Thin for a few a second, thick for ten thousand: by tenfolds, or nothing below were seen. */
function widthOf(rate: number, count: number): number {
  const tenfolds = Math.min(4, Math.log10(1 + Math.max(0, rate)))
  return Number(((1.5 + tenfolds * 1.4) * (count > RING_MAX ? 0.45 : 1)).toFixed(1))
}

/** "n-0f283aae" as it is; long names by their end, which is where they differ. */
export function shortName(id: string): string {
  return id.length <= 12 ? id : `…${id.slice(-11)}`
}

/** Nobody is master there, and nobody should be. */
export function isOnNats(nodes: readonly NodeRow[]): boolean {
  return nodes.some(({role}) => role === 'member')
}

export function describeStar(nodes: readonly NodeRow[], master: string | null): string {
  if (nodes.length === 0) return 'No nodes'
  const troubled = nodes.filter(({state}) => state !== 'up').length
  const trouble = troubled === 0 ? 'all answer' : `${troubled} of them not well`
  const nobody = isOnNats(nodes) ? 'their relay is NATS' : 'no master answers'
  const who = master === null ? nobody : `${master} is master`
  return `${nodes.length} nodes, ${trouble}; ${who}. The table of nodes has the same in words.`
}
