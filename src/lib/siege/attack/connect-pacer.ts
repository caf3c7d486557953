/** Opens connections by a schedule of their own, so that a slow accept delays no later dial. */
import {setTimeout as delay} from 'node:timers/promises'
import {nowUs} from '../measure/clock.js'
import type {AttackJob} from './job.js'
import type {Receiver} from './receiver.js'

const STEP_MS = 5
/** Beyond the time that the last one may take: for those that come again after a refusal. */
const GRACE_MS = 1000

export class ConnectPacer {
  readonly #receivers: readonly Receiver[]
  readonly #perUs: number
  readonly #timeoutMs: number

  constructor(receivers: readonly Receiver[], {connectPerS, parts, timeoutMs}: AttackJob) {
    this.#receivers = receivers
    this.#perUs = connectPerS / parts / 1e6
    this.#timeoutMs = timeoutMs
  }

  /** All are in, or have had their time. */
  async done(isOver: () => boolean): Promise<void> {
    const startUs = nowUs()
    let dialled = 0
    let lastMs = performance.now()
    while (!isOver()) {
      const due = Math.floor((nowUs() - startUs) * this.#perUs) + 1
      while (dialled < due && dialled < this.#receivers.length) {
        this.#receivers[dialled]?.connect(startUs + dialled / this.#perUs)
        dialled += 1
        lastMs = performance.now()
      }
      const isAllDialled = dialled === this.#receivers.length
      if (isAllDialled && this.#receivers.every(({isIn, isRefused}) => isIn || isRefused)) return
      if (isAllDialled && performance.now() - lastMs > this.#timeoutMs + GRACE_MS) return
      await delay(STEP_MS)
    }
  }
}
