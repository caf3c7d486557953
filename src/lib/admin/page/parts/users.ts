import {html} from 'htm/preact'
import {useEffect, useState} from 'preact/hooks'

import type {UserPage, UserRow, UserTab} from '../../wire.js'
import {why} from '../app.js'
import {bytes, grouped, plural} from '../../../cli/plural.js'
import {clock, duration} from '../format.js'
import {Confirm, valueOf} from './dialog.js'
import type {PartProps} from './page.js'
import {Acts, Cell, RowHead, Table, type Head} from './table.js'

type By = 'user' | 'group' | 'session'

interface Query {
  readonly by: By
  readonly text: string
  /** `after` of the pages so far; the last is this one. */
  readonly pages: readonly (string | null)[]
}

interface Kick {
  readonly by: 'user' | 'connection'
  readonly value: string
}

const HEADS: readonly Head[] = ['User', 'Tabs', 'Nodes', 'For', 'Queue', 'Groups']
  .map((name) => ({name}))

/** Who came or went meanwhile is shown so much later at most. */
const STALE_MS = 3000

const FIRST: Query = {by: 'user', text: '', pages: [null]}

export function Users({app}: PartProps) {
  const [query, setQuery] = useState(FIRST)
  const [page, setPage] = useState<UserPage | undefined>(undefined)
  const [said, setSaid] = useState('')
  const [trouble, setTrouble] = useState('')
  const [kick, setKick] = useState<Kick | undefined>(undefined)
  const [open, setOpen] = useState<string | undefined>(undefined)
  const [count, setCount] = useState(0)
  useEffect(() => {
    let isOver = false
    const {by, text, pages} = query
    const look = async (): Promise<void> => {
      const after = pages.at(-1) ?? null
      const found = await app.ask({ask: 'users', by, text: text.trim(), after})
      if (isOver) return
      setPage(found)
      setTrouble(found.warnings[0] ?? '')
    }
    look().catch((error: unknown) => isOver || setTrouble(why(error)))
    return () => {
      isOver = true
    }
  }, [query, count])
  const again = (): void => setCount((before) => before + 1)
  // What stands at the top of the page and what stands here must not differ for long.
  const total = app.model.snapshot?.totals.clients
  const isStale = query.text === '' && page !== undefined && total !== page.connections
  useEffect(() => {
    if (!isStale) return undefined
    const timer = setInterval(() => document.hidden || again(), STALE_MS)
    return () => clearInterval(timer)
  }, [isStale, page])
  return html`<section class="card users" aria-labelledby="users-title">
    <div class="bar">
      <h2 id="users-title">Users
        <small>${page && plural(page.connections, 'connection')}</small></h2>
      <button type="button" class="quiet" onClick=${again}>Look again</button>
    </div>
    <${Search} query=${query} onQuery=${(next: Query) => {
      setSaid('')
      setQuery(next)
    }} />
    <p class="said" role="status">${said} ${trouble}</p>
    ${page?.users.length === 0 && html`<p class="hint">${query.text === ''
      ? 'Nobody is connected.' : 'Nobody like that is connected.'}</p>`}
    ${page !== undefined && page.users.length > 0 && html`<${Table} name="users"
      heads=${app.may('kick') ? [...HEADS, {name: 'Do'}] : HEADS}>
      ${page.users.map((row) => html`<${Row} key=${row.user ?? ''} app=${app} row=${row}
        isOpen=${open === row.user} look=${count} onKick=${setKick}
        onOpen=${() => setOpen(open === row.user ? undefined : (row.user ?? undefined))} />`)}
    <//>`}
    <${Pager} query=${query} page=${page} onQuery=${setQuery} />
    <${Trace} app=${app} />
    ${kick !== undefined && html`<${AskKick} key=${kick.value} app=${app} kick=${kick}
      onClose=${() => setKick(undefined)}
      onDone=${(text: string) => {
        setSaid(text)
        again()
      }} />`}
  </section>`
}

function Search({query, onQuery}: {
  readonly query: Query
  readonly onQuery: (query: Query) => void
}) {
  const [text, setText] = useState('')
  useEffect(() => {
    if (text === query.text) return undefined
    const timer = setTimeout(() => onQuery({...query, text, pages: [null]}), 300)
    return () => clearTimeout(timer)
  }, [text, query])
  return html`<form class="search" role="search" onSubmit=${(event: Event) => {
      event.preventDefault()
      onQuery({...query, text, pages: [null]})
    }}>
    <label><span class="unseen">Search by</span>
      <select value=${query.by} onChange=${(event: Event) => {
        onQuery({by: byOf(valueOf(event)), text, pages: [null]})
      }}>
        <option value="user">User</option><option value="group">Group</option>
        <option value="session">Session</option></select></label>
    <label class="grow"><span class="unseen">Search for</span>
      <input type="search" placeholder=${HINTS[query.by]} value=${text} autocomplete="off"
        spellcheck=${false} onInput=${(event: Event) => setText(valueOf(event))} /></label>
  </form>`
}

const HINTS: Readonly<Record<By, string>> = {
  user: 'a whole number, or how a name begins', group: 'the whole name of a group',
  session: 'the whole id of a session',
}

function byOf(value: string): By {
  return value === 'group' || value === 'session' ? value : 'user'
}

interface RowProps extends PartProps {
  readonly row: UserRow
  readonly isOpen: boolean
  /** Counts up whenever the nodes are to be asked again. */
  readonly look: number
  readonly onOpen: () => void
  readonly onKick: (kick: Kick) => void
}

function Row({app, row, isOpen, look, onOpen, onKick}: RowProps) {
  const {user, connections, byNode, since, queueBytes, groups} = row
  const nodes = Object.keys(byNode)
  const now = app.model.snapshot?.at ?? since
  return html`<tr role="row">
      <${RowHead}>${user === null ? 'guests' : html`<button type="button" class="link"
        aria-expanded=${isOpen} onClick=${onOpen}>${user}</button>`}<//>
      <${Cell} name="Tabs" isNumber>${grouped(connections)}<//>
      <${Cell} name="Nodes" title=${nodes.join(', ')}>
        ${nodes.length === 1 ? nodes[0] : plural(nodes.length, 'node')}<//>
      <${Cell} name="For" isNumber>${duration((now - since) / 1000)}<//>
      <${Cell} name="Queue" isNumber>${bytes(queueBytes)}<//>
      <${Cell} name="Groups">${groups.slice(0, 3).join(', ')}${groups.length > 3 ? ' …' : ''}<//>
      ${app.may('kick') && html`<${Acts}>${user !== null && html`
        <button type="button" class="quiet" aria-label=${`Follow ${user}`}
          onClick=${() => void app.follow(user)}>Follow</button>
        <button type="button" class="quiet" aria-label=${`Kick ${user}`}
          onClick=${() => onKick({by: 'user', value: user})}>Kick</button>`}<//>`}
    </tr>
    ${isOpen && user !== null && html`<tr role="row" class="inner"><td role="cell" colspan="7">
      <${Tabs} app=${app} user=${user} look=${look} onKick=${onKick} /></td></tr>`}`
}

function Tabs({app, user, look, onKick}: PartProps & {
  readonly user: string
  readonly look: number
  readonly onKick: (kick: Kick) => void
}) {
  const [tabs, setTabs] = useState<readonly UserTab[] | undefined>(undefined)
  const now = app.model.snapshot?.at ?? 0
  useEffect(() => {
    app.ask({ask: 'users', by: 'one', text: user, after: null}).then(
      (page) => setTabs(page.tabs ?? []),
      () => setTabs([]),
    )
  }, [user, look])
  if (tabs === undefined) return html`<p class="hint">Asking the nodes…</p>`
  if (tabs.length === 0) return html`<p class="hint">Not connected any more.</p>`
  return html`<ul class="tabs">${tabs.map((tab) => html`<li key=${tab.connection}>
    <span><b>${tab.connection}</b> at ${tab.node}, for ${duration((now - tab.since) / 1000)}, queue
      ${' '}${bytes(tab.queueBytes)}${tab.session === null ? '' : `, session ${tab.session}`}
      ${tab.language === null ? '' : `, ${tab.language}`}
      ${tab.userAgent !== null && html`<small>${tab.userAgent}</small>`}</span>
    ${app.may('kick') && html`<button type="button" class="quiet"
      aria-label=${`Close connection ${tab.connection}`}
      onClick=${() => onKick({by: 'connection', value: tab.connection})}>Close</button>`}
  </li>`)}</ul>`
}

function Pager({query, page, onQuery}: {
  readonly query: Query
  readonly page: UserPage | undefined
  readonly onQuery: (query: Query) => void
}) {
  const {pages} = query
  const next = page?.next ?? null
  if (pages.length === 1 && next === null) return null
  return html`<div class="buttons">
    <button type="button" class="quiet" aria-disabled=${pages.length === 1}
      onClick=${() => pages.length > 1 && onQuery({...query, pages: pages.slice(0, -1)})}>
      Page before</button>
    <span class="hint">page ${pages.length}</span>
    <button type="button" class="quiet" aria-disabled=${next === null}
      onClick=${() => next !== null && onQuery({...query, pages: [...pages, next]})}>
      Next page</button>
  </div>`
}

function AskKick({app, kick: {by, value}, onClose, onDone}: PartProps & {
  readonly kick: Kick
  readonly onClose: () => void
  readonly onDone: (text: string) => void
}) {
  const [reason, setReason] = useState('')
  const perform = async (): Promise<void> => {
    const {connections} = await app.ask({ask: 'kick', by, value, reason})
    onDone(`Closed ${plural(connections, 'connection')} of ${value}`)
  }
  return html`<${Confirm} title=${`Close ${by === 'user' ? `all tabs of user ${value}` : value}?`}
    command=${app.command(`kick --${by} ${value}`)} button="Kick" isGrave=${true} act=${perform}
    onClose=${onClose}>
    <p>They are told so, and do not connect again by themselves. Whoever still holds a valid token
      or session can come back: end that in the application first.</p>
    <label class="field"><span>Reason, which they are told (optional)</span>
      <input type="text" maxlength="100" value=${reason}
        onInput=${(event: Event) => setReason(valueOf(event))} /></label>
  <//>`
}

function Trace({app}: PartProps) {
  const {trace} = app.model
  if (trace === undefined) return null
  const {user, rows, ended} = trace
  return html`<section class="trace" aria-labelledby="trace-title">
    <div class="bar">
      <h3 id="trace-title">Messages for user ${user}
        <small>${ended === undefined ? 'followed for a minute, or 200 messages'
          : `over: ${ended}`}</small></h3>
      <button type="button" class="quiet" onClick=${() => void app.unfollow()}>Close</button>
    </div>
    ${rows.length === 0 && html`<p class="hint">Nothing came yet. Messages to groups or everyone are
      not shown here.</p>`}
    <ol class="log" tabindex="0" aria-label="Messages">${rows.map((row) => html`
      <li key=${row.position}><time>${clock(row.at)}</time> <b>${row.action}</b>
        ${' '}<code>${row.details}</code> <small>from ${row.origin}</small></li>`)}</ol>
  </section>`
}
