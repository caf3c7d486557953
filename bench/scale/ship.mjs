/** The costs, and the runs that check the model, as the source that wsmesh comes with. */
const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

export function shippedText({measured, machine, wsmesh, by, costs}, runs) {
  const checks = runs.filter(({row}) => row === 'check')
  return [
    '/** Written by `node bench/scale.mjs --ship`, of what it measured. */',
    "import {COSTS_SCHEMA, type MeasuredCosts} from './costs.js'", '',
    'export const DEFAULT_COSTS: MeasuredCosts = {',
    '  schema: COSTS_SCHEMA,',
    ...Object.entries({measured, machine, wsmesh, by}).map(([name, text]) =>
      `  ${name}: ${quote(text)},`),
    '  costs: {',
    ...Object.entries(costs).map(([name, value]) => `    ${name}: ${value},`),
    '  },', '}', '',
    '/** Runs that the costs are not taken from: processor time a second, in microseconds. */',
    'export interface CheckRun {',
    "  readonly relay: 'master' | 'nats'",
    '  readonly nodes: number',
    '  readonly ratePerS: number',
    '  readonly everyone: number',
    '  readonly users: number',
    '  readonly nodeUs: number',
    '  readonly masterUs: number | undefined',
    '  readonly serverUs: number | undefined',
    '}', '',
    'export const CHECK_RUNS: readonly CheckRun[] = [',
    ...checks.map(({relay, size, perS, everyone, users, nodeUs, masterUs, serverUs}) =>
      `  {\n    relay: '${relay}', nodes: ${size}, ratePerS: ${perS}, everyone: ${everyone}, ` +
      `users: ${users},\n    nodeUs: ${nodeUs}, masterUs: ${masterUs}, ` +
      `serverUs: ${serverUs},\n  },`),
    ']', '',
  ].join('\n')
}
