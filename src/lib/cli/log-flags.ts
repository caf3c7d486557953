import {Flags} from '@oclif/core'

import {LOG_FORMATS, LOG_LEVELS} from '../node/log.js'

/** What a node says of itself, and where. */
export function logFlags() {
  return {
    'log-level': Flags.option({
      env: 'WSMESH_LOG_LEVEL', options: LOG_LEVELS,
      default: 'info', helpValue: 'LEVEL', summary: 'on stderr: debug, info, warn or error',
    })(),
    'log-format': Flags.option({
      env: 'WSMESH_LOG_FORMAT', options: LOG_FORMATS, default: 'auto', helpValue: 'FORMAT',
      summary: 'of lines on stderr: pretty, json, or auto: pretty on a terminal',
    })(),
    'log-file': Flags.string({
      env: 'WSMESH_LOG_FILE', helpValue: 'FILE',
      summary: 'lines as JSON, appended there; opened again on SIGUSR2',
    }),
    'trace-context': Flags.boolean({
      env: 'WSMESH_TRACE_CONTEXT', default: false,
      summary: 'carry traceparent (W3C, OpenTelemetry) from who publishes to clients that ask',
    }),
  }
}
