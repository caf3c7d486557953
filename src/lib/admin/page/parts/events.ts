import {html} from 'htm/preact'
import {useState} from 'preact/hooks'

import type {EventRow} from '../../wire.js'
import {clock} from '../format.js'
import type {PartProps} from './page.js'

const KINDS = [
  ['all', 'All'], ['nodes', 'Nodes'], ['errors', 'Errors'], ['acts', 'Acts'],
] as const
type Kind = (typeof KINDS)[number][0]

export function Events({app}: PartProps) {
  const [kind, setKind] = useState<Kind>('all')
  const shown = app.model.events.filter((event) => kind === 'all' || kindOf(event) === kind)
  return html`<section class="card events" aria-labelledby="events-title">
    <div class="bar">
      <h2 id="events-title">Events</h2>
      <div class="choice" role="group" aria-label="Which events">
        ${KINDS.map(([value, words]) => html`<button type="button" class="quiet"
          aria-pressed=${kind === value} onClick=${() => setKind(value)}>${words}</button>`)}
      </div>
    </div>
    ${shown.length === 0 && html`<p class="hint">Nothing has happened since this admin was
      started.</p>`}
    <ol class="log" tabindex="0" aria-label="Events">${shown.map(({seq, at, tone, text}) => html`
      <li key=${seq} class=${`is-${tone}`}><time>${clock(at)}</time> <span>${text}</span></li>`)}
    </ol>
  </section>`
}

function kindOf({kind}: EventRow): Kind {
  switch (kind) {
    case 'joined':
    case 'left':
    case 'silent':
    case 'back':
    case 'master':
    case 'restarted':
      return 'nodes'
    case 'errors':
    case 'slow-consumers':
      return 'errors'
    case 'act':
    case 'admin':
      return 'acts'
    default:
      return kind satisfies never
  }
}
