/** Tables that become cards on a phone: what is laid out otherwise must say what it was. */
import {html} from 'htm/preact'
import type {ComponentChildren} from 'preact'

export interface Head {
  readonly name: string
  /** What it means, where that is not clear. */
  readonly title?: string
}

export function Table({name, heads, children}: {
  readonly name: string
  readonly heads: readonly Head[]
  readonly children?: ComponentChildren
}) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${`Table of ${name}`}>
    <table role="table">
      <thead role="rowgroup"><tr role="row">${heads.map(({name, title}) => html`
        <th role="columnheader" scope="col" title=${title}>${name}</th>`)}</tr></thead>
      <tbody role="rowgroup">${children}</tbody>
    </table>
  </div>`
}

export function RowHead({children}: {readonly children?: ComponentChildren}) {
  return html`<th role="rowheader" scope="row">${children}</th>`
}

export function Cell({name, isNumber = false, title, children}: {
  readonly name: string
  readonly isNumber?: boolean
  readonly title?: string
  readonly children?: ComponentChildren
}) {
  return html`<td role="cell" data-name=${name} class=${isNumber ? 'n' : undefined}
    title=${title}>${children}</td>`
}

export function Acts({children}: {readonly children?: ComponentChildren}) {
  return html`<td role="cell" class="acts">${children}</td>`
}
