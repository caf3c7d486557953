/** A line for each size, for spreadsheets: a header, numbers with a point, no blanks. */
import type {PartName} from '../../scale/part.js'
import type {ScaleJson} from './scale-view.js'

const PARTS: readonly PartName[] = [
  'clients', 'memory', 'node', 'master', 'network', 'return', 'store', 'stream', 'servers',
  'server-memory',
]

export function scaleCsv({sizes}: ScaleJson): string[] {
  const header = ['nodes', 'fits', 'clients_per_node', 'messages_per_s_max', 'full_at_most',
    ...PARTS.map((name) => `load_${name.replaceAll('-', '_')}`)]
  const lines = sizes.map((size) => [
    size.nodes, size.fits, Math.round(size.clientsPerNode), short(size.ratePerSMax),
    size.fullAtMost,
    ...PARTS.map((name) => {
      const loads = size.parts.filter((part) => part.name === name).map(({load}) => load)
      return loads.length > 0 ? short(Math.max(...loads)) : ''
    }),
  ])
  return [header, ...lines].map((cells) => cells.join(','))
}

function short(value: number): number {
  return Number(value.toPrecision(4))
}
