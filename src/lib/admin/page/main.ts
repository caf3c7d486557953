import {html} from 'htm/preact'
import {render} from 'preact'

import {App} from './app.js'
import {enter} from './connection.js'
import {titleOf} from './model.js'
import {Page} from './parts/page.js'

const root = document.getElementById('app')
if (root === null) throw new Error('The page has no place for itself')

let refusal: string | undefined
const app = new App(() => draw())

function draw(): void {
  document.title = titleOf(app.model)
  if (root !== null) render(html`<${Page} app=${app} refusal=${refusal} />`, root)
}

async function begin(): Promise<void> {
  try {
    refusal = await enter()
  } catch {
    refusal = 'The admin does not answer'
  }
  draw()
  app.open()
}

// A new link in the same tab changes the fragment alone.
addEventListener('hashchange', () => location.reload())
setInterval(() => app.refresh(), 2000)
void begin()
