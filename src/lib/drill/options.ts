import type {NetworkChoice, RelayChoice} from './drill-names.js'

export interface DrillOptions {
  /** Undefined: the embedded pool, in a folder of the drill's own. */
  readonly pool: string | undefined
  readonly nodes: number
  readonly ratePerS: number
  /** How often the fault is done. */
  readonly repeat: number
  /** How links are cut, in drills that cut them. */
  readonly network: NetworkChoice
  /** `nats`: three servers of the drill's own. */
  readonly relay: RelayChoice
  /** Faults as short as still make sense, and no time is judged: for busy machines. */
  readonly isShort: boolean
  /** How long a fault that lasts is to last; undefined: as the drill says. */
  readonly holdMs: number | undefined
  /** bin/run.js of this wsmesh. */
  readonly binFile: string
  readonly env: NodeJS.ProcessEnv
  /** Ends it, with nothing left behind. */
  readonly signal: AbortSignal
  /** A line of progress, for people. */
  readonly report: (line: string) => void
  /** A line of a node's log. */
  readonly onLog: (line: string) => void
}
