import {html} from 'htm/preact'

import type {App} from '../app.js'
import {plural} from '../../../cli/plural.js'
import {staleS} from '../model.js'
import {Charts} from './charts.js'
import {Events} from './events.js'
import {Banners, Header} from './header.js'
import {Nodes} from './nodes.js'
import {Picture} from './picture.js'
import {Send} from './send.js'
import {Siege} from './siege.js'
import {Users} from './users.js'

export interface PartProps {
  readonly app: App
}

export function Page({app, refusal}: PartProps & {readonly refusal: string | undefined}) {
  const {line, snapshot, hello} = app.model
  if (line === 'locked') return html`<${Locked} refusal=${refusal} />`
  if (snapshot === undefined || hello === undefined) {
    return html`<main class="alone"><h1>wsmesh admin</h1>
      <p role="status">${line === 'lost' ? 'The admin does not answer. This page tries again.'
        : 'Looking at the mesh…'}</p></main>`
  }
  const old = staleS(app.model, performance.now())
  return html`
    <${Header} app=${app} />
    ${old !== undefined && html`<p class="banner is-bad" role="alert">
      <strong>The admin does not answer.</strong> These figures are old. The mesh goes on without
      it; this page comes back by itself.</p>`}
    <${Banners} alerts=${snapshot.alerts} />
    <main class=${old === undefined ? '' : 'is-old'}>
      <div class="top">
        <${Picture} app=${app} />
        <${Charts} app=${app} />
      </div>
      <${Nodes} app=${app} />
      <div class="pair">
        <${Users} app=${app} />
        <${Events} app=${app} />
      </div>
      <div class="pair">
        <${Send} app=${app} />
        <${Siege} app=${app} />
      </div>
    </main>
    <footer>${[
      `wsmesh ${hello.version}`, hello.role === 'operator' ? 'operator' : 'viewer: you may look',
      `${plural(snapshot.pages, 'page')} open`,
    ].join(' · ')}</footer>`
}

function Locked({refusal}: {readonly refusal: string | undefined}) {
  return html`<main class="alone">
    <h1>wsmesh admin</h1>
    <p role="alert">${refusal === undefined ? 'This browser is not logged in.' : `${refusal}.`}</p>
    <p>Open the link that <code>wsmesh admin</code> printed where it was started. It is another one
      after each start.</p>
  </main>`
}
