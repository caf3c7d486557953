import type {ChalkInstance} from 'chalk'

import {CONFIG_FILE_NAME} from './config-file.js'
import type {ConfigJson, SettingJson} from './config-show.js'
import {type Column, renderTable} from './table.js'

/** Settings as a table. */
export function configScreen(
  config: ConfigJson,
  {colours, widthMax}: {readonly colours: ChalkInstance; readonly widthMax: number | undefined},
): string[] {
  const columns: readonly Column<SettingJson>[] = [
    {header: 'SETTING', cell: ({key}) => key},
    {header: 'VALUE', cell: ({value}) => value ?? '', shrinks: true},
    {
      header: 'FROM',
      cell: ({origin, source}) => ({
        text: source === null ? origin : `${origin} ${source}`,
        ...(origin === 'default' ? {style: colours.dim} : {}),
      }),
      shrinks: true,
    },
  ]
  return [
    config.file === null
      ? `No ${CONFIG_FILE_NAME} in this folder or above it.`
      : `Configuration file: ${config.file}`,
    '',
    ...renderTable(columns, config.settings, {widthMax, headerStyle: colours.bold}),
  ]
}
