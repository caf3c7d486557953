import type {ChalkInstance} from 'chalk'

import {EXIT} from './exit-code.js'
import {CONFIG_FILE_NAME} from './config-file.js'
import {CONFIG_KEYS} from './config-keys.js'
import {renderTable} from './table.js'

/** Help that belongs to no command: `wsmesh help exit-codes`, `wsmesh help environment`. */
export const HELP_TOPICS: Readonly<Record<string, (colours: ChalkInstance) => string[]>> = {
  'exit-codes': exitCodes,
  environment,
}

function exitCodes(colours: ChalkInstance): string[] {
  const columns = [
    {header: 'EXIT', align: 'right', cell: (row: ExitRow) => String(row.code)},
    {header: 'MEANING', cell: (row: ExitRow) => row.meaning},
  ] as const
  return [
    'Exit status of every command; --json does not change it.',
    '',
    ...renderTable(columns, Object.values(EXIT), {headerStyle: colours.bold}),
  ]
}

type ExitRow = (typeof EXIT)[keyof typeof EXIT]

function environment(colours: ChalkInstance): string[] {
  const columns = [
    {header: 'VARIABLE', cell: (row: VariableRow) => row.env},
    {header: `IN ${CONFIG_FILE_NAME}`, cell: (row: VariableRow) => row.key},
    {header: 'DEFAULT', cell: (row: VariableRow) => row.defaultText},
  ] as const
  return [
    `A flag wins over the environment, the environment over ${CONFIG_FILE_NAME}`,
    '(found in this folder or above it), the file over the context in use (wsmesh context).',
    'Where each value came from: wsmesh config show',
    '',
    ...renderTable(columns, VARIABLES, {headerStyle: colours.bold}),
  ]
}

interface VariableRow {
  readonly env: string
  readonly key: string
  readonly defaultText: string
}

export const VARIABLES: readonly VariableRow[] = [
  ...CONFIG_KEYS,
  {env: 'WSMESH_SECRET', key: '', defaultText: 'see WSMESH_SECRET_FILE'},
  {env: 'WSMESH_CONTEXT', key: '', defaultText: '(that of wsmesh context use)'},
  {env: 'WSMESH_DEBUG', key: '', defaultText: '(set: errors with stack traces)'},
  {env: 'WSMESH_ADMIN_LISTEN', key: '', defaultText: '127.0.0.1:8890, of wsmesh admin'},
  {env: 'NO_COLOR', key: '', defaultText: '(set: no colours)'},
]
