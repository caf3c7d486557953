import {html} from 'htm/preact'

import {grouped} from '../../../cli/plural.js'
import {ms, short} from '../format.js'
import {describeStar, HEIGHT, isOnNats, shortName, starOf, WIDTH, type Edge, type Spot}
  from '../star.js'
import type {PartProps} from './page.js'

const STAR = 'M0-9 2.6-3 9-2.6 4.1 1.7 5.6 8 0 4.5-5.6 8-4.1 1.7-9-2.6-2.6-3Z'

export function Picture({app}: PartProps) {
  const {snapshot, selected} = app.model
  if (snapshot === undefined) return null
  const {nodes, master} = snapshot
  const star = starOf(nodes, master)
  const isNats = isOnNats(nodes)
  return html`<section class="card picture" aria-labelledby="mesh-title">
    <h2 id="mesh-title">The mesh</h2>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${describeStar(nodes, master)}>
      ${star.edges.map((edge) => html`<${EdgeLine} key=${edge.id} edge=${edge} />`)}
      ${!star.hasMaster && nodes.length > 0 && html`<g class=${`spot ${isNats ? '' : 'is-bad'}`}>
        <circle cx=${star.centre.x} cy=${star.centre.y} r="30" />
        <text x=${star.centre.x} y=${star.centre.y + 52}>
          ${isNats ? 'NATS' : 'no master'}</text></g>`}
      ${nodes.length === 0 && html`<text class="empty" x=${WIDTH / 2} y=${HEIGHT / 2}>
        No node yet</text>`}
      ${star.edges.filter(({hasWords}) => hasWords).map((edge) => html`
        <${EdgeWords} key=${edge.id} edge=${edge}
          rttMs=${nodes.find(({id}) => id === edge.id)?.rttMs ?? null} />`)}
      ${star.spots.map((spot) => html`<${SpotFigure} key=${spot.row.id} spot=${spot}
        isSelected=${spot.row.id === selected}
        onPick=${() => app.select(spot.row.id === selected ? null : spot.row.id)} />`)}
    </svg>
    <p class="hint">★ is the master. A line is as thick as the messages that it relays; ms is the
      way from this admin to the node and back. Pick a node to see its charts alone.</p>
  </section>`
}

function EdgeLine({edge}: {readonly edge: Edge}) {
  const {from, to, width, isBroken, isFlowing, rate} = edge
  return html`<g class=${`edge${isBroken ? ' is-broken' : ''}${rate > 0 ? ' is-busy' : ''}`}>
    <line x1=${from.x} y1=${from.y} x2=${to.x} y2=${to.y} stroke-width=${width} />
    ${isFlowing && html`
      <line class="flow" x1=${from.x} y1=${from.y} x2=${to.x} y2=${to.y} />`}
  </g>`
}

function EdgeWords({edge, rttMs}: {readonly edge: Edge; readonly rttMs: number | null}) {
  const words = [
    edge.rate > 0 ? `${short(edge.rate)}/s` : '',
    rttMs === null ? '' : ms(rttMs),
  ].filter((word) => word !== '').join(' · ')
  return html`<text class="words" x=${edge.words.x} y=${edge.words.y + 4}>${words}</text>`
}

interface SpotProps {
  readonly spot: Spot
  readonly isSelected: boolean
  readonly onPick: () => void
}

function SpotFigure({spot, isSelected, onPick}: SpotProps) {
  const {row, x, y, radius, isMaster, isTroubled, isNamed} = spot
  const state = isTroubled ? (row.state === 'up' ? 'is-warn' : 'is-bad') : ''
  const kind = `spot ${isMaster ? 'is-master' : ''} ${state} ${isSelected ? 'is-selected' : ''}`
  const clients = row.clients === null ? '–' : radius < 14 ? '' : short(row.clients)
  // The table has the same as buttons; here it is for whoever points.
  return html`<g class=${kind} onClick=${onPick}>
    <title>${`${row.id}: ${wordOf(spot)}, ${row.clients === null
      ? 'clients unknown' : `${grouped(row.clients)} clients`}`}</title>
    <circle cx=${x} cy=${y} r=${radius} />
    ${isMaster && html`<path class="crown" d=${STAR}
      transform=${`translate(${x} ${y - radius - 12})`} />`}
    <text class="count" x=${x} y=${y + 5}>${clients}</text>
    ${isNamed && html`<text class="name" x=${x} y=${y + radius + 16}>${shortName(row.id)}</text>`}
    ${isNamed && isTroubled && html`<text class="trouble" x=${x} y=${y + radius + 31}>
      ${wordOf(spot)}</text>`}
  </g>`
}

function wordOf({row, isMaster}: Spot): string {
  if (row.state !== 'up') return STATES[row.state]
  return isMaster ? 'master' : row.role === 'unknown' ? 'asked' : row.role
}

export const STATES = {
  up: 'up', draining: 'leaving', isolated: 'isolated', stale: 'gone', unreachable: 'no answer',
} as const
