import type {ChalkInstance} from 'chalk'

import type {ReadyJson} from '../node/serve.js'

/** What `wsmesh serve` shows a person once its node is part of the mesh. */
export function renderServeBlock(ready: ReadyJson, colours: ChalkInstance): string {
  const {node, role, term, clientUrl, nodeUrl, httpUrl, apiUrl, pool, pid} = ready
  const rows = [
    ['clients', clientUrl],
    ['nodes', nodeUrl],
    ['health', `${httpUrl}/healthz`],
    ...(apiUrl === httpUrl ? [] : [['api', apiUrl]]),
    ['pool', pool],
    ['pid', String(pid)],
  ]
  return [
    `${colours.green('✓')} ${colours.bold(`Node ${node}`)} is ${role}, term ${term}`,
    ...rows.map(([name = '', value]) => `  ${colours.dim(name.padEnd(8))} ${value}`),
    colours.dim('  Ctrl-C stops it in order, a second one at once. Try: wsmesh pool list'),
    '',
  ].join('\n')
}
