export interface DrillOptions {
  /** Undefined: the embedded pool, in a folder of the drill's own. */
  readonly pool: string | undefined
  readonly nodes: number
  readonly ratePerS: number
  /** How often the fault is done. */
  readonly repeat: number
  /** Faults as short as still make sense; limits of time that a busy machine keeps. */
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
