import {html} from 'htm/preact'

import type {Alert} from '../../wire.js'
import {bytes, grouped} from '../../../cli/plural.js'
import {ms, short} from '../format.js'
import type {PartProps} from './page.js'

export function Header({app}: PartProps) {
  const {snapshot, hello} = app.model
  if (snapshot === undefined || hello === undefined) return null
  const {totals, master, term, nodes, expected} = snapshot
  const up = nodes.filter(({state}) => state === 'up').length
  const of = expected ?? nodes.length
  const isShort = up < of
  return html`<header class="head">
    <h1><img src="/favicon.svg" alt="" width="26" height="26" /> wsmesh <span>admin</span></h1>
    <p class="pool" title=${`Pool ${hello.pool}`}>${hello.pool}</p>
    <dl class="facts">
      <${Fact} name="Master" value=${master ?? 'none'} note=${master === null ? '' : `term ${term}`}
        tone=${master === null && nodes.length > 0 ? 'bad' : ''} isName />
      <${Fact} name="Nodes" value=${isShort ? `${up} of ${of}` : String(up)}
        tone=${isShort ? 'bad' : ''} />
      <${Fact} name="Clients" value=${grouped(totals.clients)} />
      <${Fact} name="Users" value=${grouped(totals.users)} />
      <${Fact} name="Published" value=${short(totals.inPerS)} note="/s" />
      <${Fact} name="Delivered" value=${short(totals.outPerS)} note="/s" />
      <${Fact} name="Stalls" value=${ms(totals.loopDelayMs)}
        title="The longest time that a node's event loop stood still" />
      <${Fact} name="Memory" value=${bytes(totals.rssBytes)} />
    </dl>
  </header>`
}

interface FactProps {
  readonly name: string
  readonly value: string
  readonly note?: string
  readonly tone?: string
  readonly title?: string
  readonly isName?: boolean
}

function Fact({name, value, note = '', tone = '', title, isName = false}: FactProps) {
  return html`<div class=${tone === '' ? '' : `is-${tone}`} title=${title}>
    <dt>${name}</dt>
    <dd class=${isName ? 'name' : ''}>${value}${note !== '' && html` <small>${note}</small>`}</dd>
  </div>`
}

const SHOWN_MAX = 6

/** What is wrong, the gravest first. How many is said aloud, not words that change each second. */
export function Banners({alerts}: {readonly alerts: readonly Alert[]}) {
  const bad = alerts.filter(({tone}) => tone === 'bad').length
  const spoken = alerts.length === 0 ? 'Nothing is wrong' : `${alerts.length} alerts, ${bad} grave`
  const more = alerts.length - SHOWN_MAX
  return html`<section class="banners" aria-label="Alerts">
    <p class="unseen" role="status">${spoken}</p>
    ${alerts.slice(0, SHOWN_MAX).map(({tone, text, hint}) => html`
      <div class=${`banner is-${tone}`} key=${text}>
        <strong>${text}</strong>${hint !== null && html` <span>${hint}</span>`}
      </div>`)}
    ${more > 0 && html`<p class="banner is-warn">… and ${more} more: see the nodes.</p>`}
  </section>`
}
