/** Who sends the messages of a siege, on whatever way. */
import type {TargetKind} from '../plan/audience.js'

export interface Hit {
  readonly kind: TargetKind
  readonly target: number
  readonly intendedUs: number
}

export interface Publisher {
  /** Resolves when it can publish; rejects with a WsmeshError. */
  open(): Promise<void>
  /** Due now. Leaves with flush, or once there is a way. */
  publish(hit: Hit): void
  flush(): void
  /** Messages without an answer. */
  readonly pending: number
  /** No more answers are waited for: what has none is neither delivered for sure nor lost. */
  giveUp(): void
  close(): void
}
