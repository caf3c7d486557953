import type {ChalkInstance} from 'chalk'

import {type Column, renderTable} from '../table.js'
import {wrap} from '../wrap.js'
import type {CodeJson, CodeKind} from './lookup.js'

const WIDTH_MAX = 80

const KINDS: Readonly<Record<CodeKind, string>> = {
  error: 'error of a command',
  close: 'close code of a WebSocket',
  answer: 'status of an answer: HTTP, or <action>:error',
  client: 'error of wsmesh/client',
  exit: 'exit status of a command',
}

/** What was found, one below the other. */
export function lookUpScreen(found: readonly CodeJson[], colours: ChalkInstance): string[] {
  return found.flatMap((code, index) => [...(index === 0 ? [] : ['']), ...oneCode(code, colours)])
}

function oneCode(found: CodeJson, colours: ChalkInstance): string[] {
  const {code, name, kind, exit, reconnect, what, why, todo} = found
  const notes = [
    KINDS[kind],
    ...(exit === null || kind === 'exit' ? [] : [`exit status ${exit}`]),
    ...(reconnect === null ? [] : [reconnect ? 'connect again' : 'do not connect again']),
  ]
  const title = name === null ? code : `${code} ${name}`
  const reasons = why === '' ? [] : wrap(why, WIDTH_MAX - 7)
  return [
    `${colours.bold(title)}  ${colours.dim(notes.join(', '))}`,
    ...wrap(what, WIDTH_MAX),
    ...labelled('why', reasons, colours),
    ...labelled('try', todo, colours),
  ]
}

/** As errors themselves are shown: "  why: …". */
function labelled(label: string, lines: readonly string[], colours: ChalkInstance): string[] {
  const first = colours.bold(`  ${label}: `)
  return lines.map((line, index) => `${index === 0 ? first : '       '}${line}`)
}

/** All codes as a table: a line each. */
export function codeList(
  codes: readonly CodeJson[],
  {colours, widthMax}: {readonly colours: ChalkInstance; readonly widthMax: number | undefined},
): string[] {
  const columns: readonly Column<CodeJson>[] = [
    {header: 'CODE', cell: ({code}) => code},
    {header: 'KIND', cell: ({kind}) => kind},
    {header: 'NAME', cell: ({name}) => name ?? '', dropsAs: 2},
    {
      header: 'EXIT', align: 'right', dropsAs: 1,
      cell: ({exit}) => (exit === null ? '' : String(exit)),
    },
    {header: 'WHAT', cell: ({what}) => what, shrinks: true},
  ]
  return renderTable(columns, codes, {widthMax, headerStyle: colours.bold})
}
