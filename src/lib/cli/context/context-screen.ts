import type {ChalkInstance} from 'chalk'

import {type Column, renderTable} from '../table.js'
import type {ContextJson, ContextsJson} from './edit-contexts.js'

/** All contexts, the one in use with a star. */
export function contextScreen(
  {contexts, file}: ContextsJson,
  {colours, widthMax}: {readonly colours: ChalkInstance; readonly widthMax: number | undefined},
): string[] {
  if (contexts.length === 0) {
    return ['There are no contexts.', 'Next: wsmesh context add NAME --pool URL --secret-file FILE']
  }
  const columns: readonly Column<ContextJson>[] = [
    {header: 'CONTEXT', cell: ({name, current}) => (current ? `${name}*` : name)},
    {
      header: 'KIND',
      cell: ({production}) =>
        production ? {text: 'production', style: colours.red.bold} : '',
    },
    {header: 'MESH', cell: meshOf, shrinks: true},
    {
      header: 'SECRET', cell: ({settings}) => settings['secret-file'] ?? '', shrinks: true,
      dropsAs: 1,
    },
  ]
  return [
    ...renderTable(columns, contexts, {widthMax, headerStyle: colours.bold}),
    '', `${file}; * is in use`,
  ]
}

function meshOf({settings, config}: ContextJson): string {
  return settings['node'] ?? settings['pool'] ?? settings['data-dir'] ?? config ?? ''
}
