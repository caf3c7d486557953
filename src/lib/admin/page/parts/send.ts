import {html} from 'htm/preact'
import {useState} from 'preact/hooks'

import type {SentTo, TargetKind} from '../../wire.js'
import {why} from '../app.js'
import {plural} from '../../../cli/plural.js'
import {clock, ms} from '../format.js'
import {CommandLine, valueOf} from './dialog.js'
import type {PartProps} from './page.js'

const SENT_MAX = 5

interface Message {
  readonly target: TargetKind
  readonly value: string
  readonly action: string
  readonly details: string
}

interface Done {
  readonly key: number
  readonly at: number
  readonly message: Message
  readonly sent: SentTo | undefined
  readonly failure: string | undefined
}

export function Send({app}: PartProps) {
  const [message, setMessage] = useState<Message>({
    target: 'user', value: '', action: 'hello', details: '"Hi"',
  })
  const [isBusy, setBusy] = useState(false)
  const [done, setDone] = useState<readonly Done[]>([])
  if (!app.may('send')) return html`<${Refused} what="Send a test message" />`
  const wrong = whatIsWrong(message)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (wrong !== undefined || isBusy) return
    setBusy(true)
    const result = await app.ask({ask: 'send', ...message}).then(
      (sent) => ({sent, failure: undefined}),
      (error: unknown) => ({sent: undefined, failure: why(error)}),
    )
    setDone((before) =>
      [{key: (before[0]?.key ?? 0) + 1, at: Date.now(), message, ...result}, ...before]
        .slice(0, SENT_MAX))
    setBusy(false)
  }
  const set = (change: Partial<Message>): void => setMessage({...message, ...change})
  return html`<section class="card send" aria-labelledby="send-title">
    <h2 id="send-title">Send a test message</h2>
    <form onSubmit=${submit}>
      <div class="fields">
        <label class="field"><span>To</span>
          <select value=${message.target}
            onChange=${(event: Event) => set({target: targetOf(valueOf(event))})}>
            ${TARGETS.map(([value, words]) => html`<option value=${value}>${words}</option>`)}
          </select></label>
        ${needsValue(message.target) && html`<label class="field grow"><span>Which</span>
          <input type="text" placeholder="42 or 42, 7" value=${message.value} autocomplete="off"
            onInput=${(event: Event) => set({value: valueOf(event)})} /></label>`}
        <label class="field grow"><span>Action</span>
          <input type="text" value=${message.action} autocomplete="off" spellcheck=${false}
            onInput=${(event: Event) => set({action: valueOf(event)})} /></label>
      </div>
      <label class="field"><span>Details, JSON</span>
        <textarea rows="2" value=${message.details} spellcheck=${false}
          onInput=${(event: Event) => set({details: valueOf(event)})}></textarea></label>
      <${CommandLine} command=${app.command(commandOf(message))} />
      <div class="buttons">
        <button type="submit" class="main" aria-disabled=${wrong !== undefined || isBusy}>
          ${isBusy ? 'Sending…' : 'Send'}</button>
        <span class="hint" role="status">${wrong ?? ''}</span>
      </div>
    </form>
    <ol class="sent" aria-label="Sent" aria-live="polite">${done.map((one) => html`
      <${SentLine} key=${one.key} done=${one} onAgain=${() => setMessage(one.message)} />`)}</ol>
  </section>`
}

function SentLine({done, onAgain}: {readonly done: Done; readonly onAgain: () => void}) {
  const {at, message: {action, target, value}, sent, failure} = done
  const whom = needsValue(target) ? `${target} ${value}` : target
  return html`<li class=${failure === undefined && sent?.connections !== 0 ? '' : 'is-warn'}>
    <span><time>${clock(at)}</time> <b>${action}</b> to ${whom}:
      ${' '}${failure ?? (sent === undefined ? '' : outcome(sent))}</span>
    <button type="button" class="quiet" aria-label=${`Fill in ${action} again`} onClick=${onAgain}>
      Again</button>
    ${sent !== undefined && Object.keys(sent.byNode).length > 0 && html`<dl class="receipt">
      ${Object.entries(sent.byNode).map(([node, count]) => html`<div key=${node}>
        <dt>${node}</dt><dd>${count}</dd></div>`)}</dl>`}
  </li>`
}

function outcome({connections, byNode, missing, ms: took}: SentTo): string {
  const gone = missing.length === 0 ? '' : `; no word from ${missing.join(', ')}`
  if (connections === 0) return `nobody like that is connected (${ms(took)})${gone}`
  const nodes = Object.keys(byNode).length
  return `${plural(connections, 'connection')} on ${plural(nodes, 'node')} in ${ms(took)}${gone}`
}

const TARGETS: readonly (readonly [TargetKind, string])[] = [
  ['user', 'User'], ['group', 'Group'], ['session', 'Session'],
  ['registered', 'Everyone logged in'], ['everyone', 'Everyone'],
]

function targetOf(value: string): TargetKind {
  return TARGETS.find(([target]) => target === value)?.[0] ?? 'user'
}

function needsValue(target: TargetKind): boolean {
  return target === 'user' || target === 'group' || target === 'session'
}

function whatIsWrong({target, value, action, details}: Message): string | undefined {
  if (needsValue(target) && value.trim() === '') return `Which ${target}?`
  if (action.trim() === '') return 'Which action?'
  if (details.trim() === '') return undefined
  try {
    JSON.parse(details)
    return undefined
  } catch {
    return 'The details are no JSON: text stands in quotes, "Hi"'
  }
}

function commandOf({target, value, action, details}: Message): string {
  const whom = needsValue(target)
    ? value.split(',').map((id) => `--${target} ${id.trim() || '…'}`).join(' ') : `--${target}`
  const text = details.trim().replaceAll("'", `'\\''`)
  const words = text === '' ? '' : ` --json-details '${text}'`
  return `send ${action || '…'}${words} ${whom}`
}

export function Refused({what}: {readonly what: string}) {
  return html`<section class="card"><h2>${what}</h2>
    <p class="hint">For operators: you are a viewer, and may look.</p></section>`
}
