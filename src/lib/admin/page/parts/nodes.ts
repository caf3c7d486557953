import {html} from 'htm/preact'
import {useState} from 'preact/hooks'

import type {LocalNode, NodeActName, NodeRow, Snapshot} from '../../wire.js'
import {why, type App} from '../app.js'
import {bytes, grouped, plural} from '../../../cli/plural.js'
import {duration, known, ms, short} from '../format.js'
import {CommandLine, Confirm} from './dialog.js'
import type {PartProps} from './page.js'
import {STATES} from './picture.js'
import {Acts, Cell, RowHead, Table, type Head} from './table.js'

type Act = NodeActName | 'remove'

interface Asked {
  readonly act: Act
  readonly row: NodeRow
}

export function Nodes({app}: PartProps) {
  const {snapshot} = app.model
  const [asked, setAsked] = useState<Asked | undefined>(undefined)
  const [said, setSaid] = useState('')
  if (snapshot === undefined) return null
  const {nodes, local} = snapshot
  const starting = local.filter(({state}) => state === 'starting')
  return html`<section class="card nodes" aria-labelledby="nodes-title">
    <div class="bar">
      <h2 id="nodes-title">Nodes</h2>
      <p class="said" role="status">${said}</p>
      ${app.may('start') && html`<${StartButton} app=${app} onSaid=${setSaid} />`}
    </div>
    ${nodes.length === 0 && starting.length === 0 && html`<${Empty} app=${app} />`}
    ${starting.map((node) => html`<${Starting} key=${node.supervisorPid} node=${node}
      now=${snapshot.at} />`)}
    ${nodes.length > 0 && html`<${NodeTable} app=${app} snapshot=${snapshot} onAsk=${setAsked} />`}
    ${asked !== undefined && html`<${AskAct} key=${`${asked.act} ${asked.row.id}`} app=${app}
      asked=${asked} snapshot=${snapshot} onSaid=${setSaid}
      onClose=${() => setAsked(undefined)} />`}
  </section>`
}

function StartButton({app, onSaid}: PartProps & {readonly onSaid: (text: string) => void}) {
  const [isBusy, setBusy] = useState(false)
  const start = async (): Promise<void> => {
    if (isBusy) return
    setBusy(true)
    onSaid('Starting a node…')
    try {
      onSaid((await app.ask({ask: 'start'})).text)
    } catch (error) {
      onSaid(why(error))
    }
    setBusy(false)
  }
  const command = app.command(app.model.hello?.serve ?? 'serve')
  return html`<button type="button" class="main" aria-disabled=${isBusy} onClick=${start}
    title=${`On ${app.model.hello?.host}: ${command}`}>Start a node</button>`
}

function Empty({app}: {readonly app: App}) {
  return html`<div class="empty">
    <p><strong>No node is in this pool yet.</strong> ${app.may('start')
      ? `Start one: it runs on ${app.model.hello?.host}, and a supervisor keeps it running.`
      : 'Start one:'}</p>
    <${CommandLine} command=${app.command(app.model.hello?.serve ?? 'serve')} />
  </div>`
}

function Starting({node, now}: {readonly node: LocalNode; readonly now: number}) {
  return html`<p class="starting"><span class="dot is-warn"></span>
    Supervisor ${node.supervisorPid} is bringing up its node, for
    ${' '}${duration((now - node.startedAt) / 1000)}. <code>${node.command}</code></p>`
}

const HEADS: readonly Head[] = [
  {name: 'Node'}, {name: 'Role'}, {name: 'Clients'}, {name: 'Users'},
  {name: 'In/s', title: 'Messages published at it'},
  {name: 'Out/s', title: 'Messages queued to its clients'},
  {name: 'RTT', title: 'From this admin to the node and back'},
  {name: 'Stall', title: 'The longest time that its event loop stood still'},
  {name: 'Memory'}, {name: 'Queue', title: 'Bytes that wait for clients to take them'},
  {name: 'Up'}, {name: 'Process'},
]

interface TableProps extends PartProps {
  readonly snapshot: Snapshot
  readonly onAsk: (asked: Asked) => void
}

function NodeTable({app, snapshot, onAsk}: TableProps) {
  const {nodes, master} = snapshot
  const sorted = nodes.toSorted((a, b) => rank(b, master) - rank(a, master))
  const heads = app.may('remove') ? [...HEADS, {name: 'Do'}] : HEADS
  return html`<${Table} name="nodes" heads=${heads}>
    ${sorted.map((row) => html`<${Row} key=${row.id} app=${app} row=${row}
      isMaster=${row.id === master} onAsk=${onAsk} />`)}
  <//>`
}

/** The master, then who is in trouble, then the others as the pool has them. */
function rank({id, state}: NodeRow, master: string | null): number {
  return id === master ? 2 : Number(state !== 'up')
}

interface RowProps extends PartProps {
  readonly row: NodeRow
  readonly isMaster: boolean
  readonly onAsk: (asked: Asked) => void
}

function Row({app, row, isMaster, onAsk}: RowProps) {
  const {id, state, why: reason, version, pid, supervisorPid, behind} = row
  const isSelected = app.model.selected === id
  const process = supervisorPid === null ? '' : `, kept by supervisor ${supervisorPid}`
  const lag = behind !== null && behind > 100 ? `${short(behind)} behind` : ''
  const numbers: readonly (readonly [name: string, value: string])[] = [
    ['Clients', known(row.clients, grouped)], ['Users', known(row.users, grouped)],
    ['In/s', known(row.inPerS, short)], ['Out/s', known(row.outPerS, short)],
    ['RTT', known(row.rttMs, ms)], ['Stall', known(row.loopDelayMs, ms)],
    ['Memory', known(row.rssBytes, bytes)], ['Queue', known(row.queueBytes, bytes)],
    ['Up', known(row.uptimeS, duration)],
  ]
  return html`<tr role="row" class=${`is-${state}`}>
    <${RowHead}><button type="button" class="link" aria-pressed=${isSelected} title=${row.nodeUrl}
      onClick=${() => app.select(isSelected ? null : id)}>${id}</button><//>
    <${Cell} name="Role"><span class=${`role ${isMaster ? 'is-master' : ''}`}>
      ${isMaster && html`<span aria-hidden="true">★ </span>`}${roleOf(row)}</span>
      ${reason !== null && html`<small class="why">${reason}</small>`}
      ${lag !== '' && html`<small class="why">${lag}</small>`}<//>
    ${numbers.map(([name, value]) => html`<${Cell} name=${name} isNumber>${value}<//>`)}
    <${Cell} name="Process" title=${`wsmesh ${version ?? '?'}${process}`}>${pid ?? '–'}
      ${supervisorPid !== null && html`
        <abbr title=${`kept by supervisor ${supervisorPid}`}>⟳</abbr>`}<//>
    ${app.may('remove') && html`<${Acts}>${actsFor(app, row, isMaster).map((act) => html`
      <button type="button" class="quiet" aria-label=${`${WORDS[act]} ${id}`}
        onClick=${() => onAsk({act, row})}>${WORDS[act]}</button>`)}<//>`}
  </tr>`
}

function roleOf({state, role}: NodeRow): string {
  if (state !== 'up') return STATES[state]
  return role === 'unknown' ? 'asked' : role
}

const WORDS: Readonly<Record<Act, string>> = {
  drain: 'Drain', restart: 'Restart', stop: 'Stop', 'step-down': 'Step down', remove: 'Remove row',
}

const ORDER: readonly NodeActName[] = ['step-down', 'drain', 'restart', 'stop']

function actsFor(app: App, {state, supervisorPid}: NodeRow, isMaster: boolean): readonly Act[] {
  if (state === 'stale') return ['remove']
  const acts = app.model.hello?.acts ?? []
  return ORDER.filter((act) =>
    act === 'restart' ? acts.includes(act) || (app.may('act') && supervisorPid !== null)
      : acts.includes(act) && (isMaster || act !== 'step-down'))
}

interface AskProps extends PartProps {
  readonly asked: Asked
  readonly snapshot: Snapshot
  readonly onSaid: (text: string) => void
  readonly onClose: () => void
}

function AskAct({app, asked: {act, row}, snapshot, onSaid, onClose}: AskProps) {
  const isMaster = snapshot.master === row.id
  const isLast = snapshot.nodes.filter(({state}) => state === 'up').length < 2
  const perform = async (name: string): Promise<void> => {
    const {text} = act === 'remove'
      ? await app.ask({ask: 'remove', node: row.id})
      : await app.ask({ask: 'act', node: row.id, act, name})
    onSaid(text)
  }
  const command = commandOf(act, row, isLast)
  const isByReload = isReload(act, row, isLast)
  return html`<${Confirm} title=${`${WORDS[act]} ${row.id}?`} command=${command(app)}
    button=${WORDS[act]} isGrave=${act === 'stop' || act === 'drain'}
    name=${act === 'stop' && isMaster ? row.id : undefined} act=${perform} onClose=${onClose}>
    <p>${isByReload ? RELOAD : CONSEQUENCES[act](row)}</p>
    ${isMaster && act !== 'remove' && !isByReload && html`
      <p>It is the <strong>master</strong>: ${isLast ? 'and the only node, so nobody takes over.'
      : 'it hands over to another node first, and no message is lost.'}</p>`}
  <//>`
}

/** The only node is not led out before another has its place. */
function isReload(act: Act, {supervisorPid}: NodeRow, isLast: boolean): boolean {
  return act === 'restart' && isLast && supervisorPid !== null
}

const RELOAD = 'It is the only node: its supervisor brings up a fresh one first, then its clients '
  + 'go there, with nothing lost.'

function commandOf(
  act: Act, row: NodeRow, isLast: boolean,
): (app: App) => string {
  if (isReload(act, row, isLast)) return () => `kill -HUP ${row.supervisorPid}`
  const {id} = row
  if (act === 'remove') return (app) => app.command('pool prune')
  return (app) => app.command(`node ${act} ${id}`)
}

const CONSEQUENCES: Readonly<Record<Act, (row: NodeRow) => string>> = {
  drain: ({clients}) => `It takes no new clients, tells its ${plural(clients ?? 0, 'client')} to `
    + 'connect elsewhere, bit by bit, leaves the mesh, and ends.',
  restart: ({clients, supervisorPid}) => `It drains, so its ${plural(clients ?? 0, 'client')} `
    + `connect elsewhere, and ends. ${supervisorPid === null
      ? 'Whatever keeps its process starts it again: a supervisor, systemd, a container.'
      : 'Its supervisor starts it again at once.'}`,
  stop: ({clients}) => `It tells its ${plural(clients ?? 0, 'client')} to connect elsewhere, `
    + 'all at once, leaves the mesh, and ends. Nothing starts it again.',
  'step-down': () => 'It hands the mastership over and stays, as a follower. Its clients notice '
    + 'nothing.',
  remove: () => 'Its process is gone, only its row in the pool is left. A living node would put '
    + 'its row back by itself.',
}
