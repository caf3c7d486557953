import {Flags} from '@oclif/core'

/**
 * What a context keeps, as flags of `context add`. Unlike those of other commands they have no
 * variables and no defaults: only what was typed is kept.
 */
export function contextSettingFlags() {
  const path = {helpGroup: 'MESH', helpValue: 'FILE'}
  return {
    pool: Flags.string({
      helpGroup: 'MESH', helpValue: 'URL|-', summary: 'pool store; - reads its URL from stdin',
    }),
    'pool-prefix': Flags.string({
      helpGroup: 'MESH', helpValue: 'TEXT', summary: 'start of the table names',
    }),
    'data-dir': Flags.string({
      helpGroup: 'MESH', helpValue: 'DIR', summary: 'embedded pool and secret',
    }),
    'secret-file': Flags.string({...path, summary: 'file with the mesh secret'}),
    'tls-cert': Flags.string({...path, summary: 'certificate to show to nodes, PEM'}),
    'tls-key': Flags.string({...path, summary: 'its key, PEM'}),
    'tls-ca': Flags.string({...path, summary: 'who signs the certificates of nodes'}),
    node: Flags.string({
      helpGroup: 'MESH', helpValue: 'URL', summary: 'ask this node, past the pool',
    }),
  }
}
