import {html} from 'htm/preact'
import {useState} from 'preact/hooks'

import {SIEGE_MAX, type SiegeSettings, type SiegeState} from '../../wire.js'
import {why} from '../app.js'
import {grouped} from '../../../cli/plural.js'
import {known, ms} from '../format.js'
import {CommandLine, valueOf} from './dialog.js'
import type {PartProps} from './page.js'
import {Refused} from './send.js'

const FIELDS: readonly (readonly [name: keyof SiegeSettings, label: string, min: number])[] = [
  ['connections', 'Clients', 1], ['rate', 'Messages/s', 1], ['timeS', 'Seconds', 2],
]

export function Siege({app}: PartProps) {
  const [settings, setSettings] = useState<SiegeSettings>({connections: 50, rate: 100, timeS: 15})
  const [said, setSaid] = useState('')
  const siege = app.model.snapshot?.siege ?? null
  if (!app.may('siege') && siege === null) return html`<${Refused} what="Siege" />`
  const isRunning = siege?.state === 'running'
  const start = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (isRunning) return
    setSaid('')
    await app.ask({ask: 'siege', ...settings}).catch((error: unknown) => setSaid(why(error)))
  }
  const end = (): void => {
    app.ask({ask: 'end-siege'}).catch((error: unknown) => setSaid(why(error)))
  }
  const {connections, rate, timeS} = settings
  return html`<section class="card siege" aria-labelledby="siege-title">
    <h2 id="siege-title">Siege <small>a small load on this mesh, with a verdict</small></h2>
    ${app.may('siege') && html`<form onSubmit=${start}>
      <div class="fields">${FIELDS.map(([name, label, min]) => html`<label class="field">
        <span>${label}</span><input type="number" required min=${min} max=${SIEGE_MAX[name]}
          value=${settings[name]} onInput=${(event: Event) =>
            setSettings({...settings, [name]: Number(valueOf(event))})} /></label>`)}</div>
      <${CommandLine} command=${app.command(
        `siege -c ${connections} -r ${rate} -t ${timeS}s --threshold 'closed>=0'`)} />
      <div class="buttons">
        <button type="submit" class="main" aria-disabled=${isRunning}>Start the siege</button>
        ${isRunning && html`<button type="button" onClick=${end}>End it</button>`}
        <span class="hint" role="alert">${said}</span>
      </div>
    </form>`}
    ${siege !== null && html`<${Run} siege=${siege} />`}
  </section>`
}

function Run({siege}: {readonly siege: SiegeState}) {
  const {state, settings, elapsedS, verdict, reasons, run, hasReport} = siege
  const isOver = state === 'ended'
  const tone = verdict === 'pass' ? 'good' : verdict === null ? 'plain' : 'bad'
  const title = isOver ? (verdict ?? '').toUpperCase()
    : elapsedS >= settings.timeS ? 'Waiting for what is missing…'
      : elapsedS > 0 ? `${elapsedS} of ${settings.timeS} s` : 'Opening connections…'
  return html`<div class=${`run is-${tone}`}>
    <p class="verdict" role="status">${title}${isOver && siege.lost !== null && html`<small>
      ${siege.lost === 0 ? 'nothing lost' : `${grouped(siege.lost)} lost`}</small>`}</p>
    ${!isOver && html`<progress max=${settings.timeS} value=${Math.min(elapsedS, settings.timeS)}
      aria-label="Time of the siege"></progress>`}
    <dl class="facts">
      <div><dt>Connected</dt><dd>${grouped(siege.connected)}</dd></div>
      <div><dt>Sent</dt><dd>${grouped(siege.sent)}</dd></div>
      <div><dt>Delivered</dt><dd>${grouped(siege.delivered)}${siege.expected !== null && html`
        <small> of ${grouped(siege.expected)}</small>`}</dd></div>
      <div class=${siege.missing > 0 ? 'is-bad' : ''}><dt>Missing</dt>
        <dd>${grouped(siege.missing)}</dd></div>
      ${siege.closed > 0 && html`<div><dt>Closed by nodes</dt>
        <dd>${grouped(siege.closed)}</dd></div>`}
      <div><dt>Half within</dt><dd>${known(siege.p50Ms, ms)}</dd></div>
      <div><dt>99 % within</dt><dd>${known(siege.p99Ms, ms)}</dd></div>
    </dl>
    ${reasons.length > 0 && html`<ul class="reasons">${reasons.map((reason) => html`
      <li>${reason}</li>`)}</ul>`}
    ${hasReport && html`<p><a href=${`/reports/${run}.html`} download>Download the report</a></p>`}
  </div>`
}
