import {WsmeshError} from '../../util/errors.js'

/** `label`: the database, without a password. */
export function missingTable(table: string, label: string): WsmeshError {
  return new WsmeshError('OUTBOX_MISSING', `There is no outbox: no table ${table} in ${label}.`, {
    suggestions: [
      'wsmesh outbox init   (makes it, as the first node with --outbox does)',
      'wsmesh outbox init --print   (the SQL, for who may create tables)',
      'Compare --pool, --outbox-url and --pool-prefix with those of the nodes',
    ],
  })
}
