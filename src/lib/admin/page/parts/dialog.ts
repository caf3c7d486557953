import {html} from 'htm/preact'
import type {ComponentChildren} from 'preact'
import {useEffect, useRef, useState} from 'preact/hooks'

import {why} from '../app.js'

export interface ConfirmProps {
  readonly title: string
  /** What it does and what it costs, in a sentence or two. */
  readonly children?: ComponentChildren
  /** The same from a terminal. */
  readonly command: string
  readonly button: string
  readonly isGrave: boolean
  /** What must be typed first: a slip of the finger stops no master. */
  readonly name?: string | undefined
  readonly act: (typed: string) => Promise<unknown>
  readonly onClose: () => void
}

/** Asks before something is done, and stays open when it could not be done. */
export function Confirm(props: ConfirmProps) {
  const {title, children, command, button, isGrave, name, act, onClose} = props
  const dialog = useRef<HTMLDialogElement>(null)
  const [typed, setTyped] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | undefined>(undefined)
  useEffect(() => dialog.current?.showModal(), [])
  const isReady = !isBusy && (name === undefined || typed === name)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (!isReady) return
    setBusy(true)
    setFailure(undefined)
    try {
      await act(typed)
      // It closes by itself, so that the focus goes back to where it was.
      dialog.current?.close()
    } catch (error) {
      setFailure(why(error))
      setBusy(false)
    }
  }
  return html`<dialog ref=${dialog} aria-labelledby="ask-title" onClose=${onClose}>
    <form onSubmit=${submit}>
      <h2 id="ask-title">${title}</h2>
      ${children}
      ${name !== undefined && html`<label class="field">
        <span>Type <code>${name}</code> to go on</span>
        <input type="text" value=${typed} autocomplete="off" spellcheck=${false}
          onInput=${(event: InputEvent) => setTyped(valueOf(event))} /></label>`}
      <${CommandLine} command=${command} />
      ${failure !== undefined && html`<p class="failure" role="alert">${failure}</p>`}
      <div class="buttons">
        <button type="button" onClick=${() => dialog.current?.close()}>Leave it</button>
        <button type="submit" class=${isGrave ? 'danger' : 'main'} aria-disabled=${!isReady}>
          ${isBusy ? 'Working…' : button}</button>
      </div>
    </form>
  </dialog>`
}

export function CommandLine({command}: {readonly command: string}) {
  return html`<p class="command"><span>From a terminal</span> <code>${command}</code></p>`
}

export function valueOf(event: Event): string {
  const {target} = event
  const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
    || target instanceof HTMLSelectElement
  return isField ? target.value : ''
}
