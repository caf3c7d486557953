/** --stairs: the rate rises step by step, until latency or loss says that this was too much. */
import {newHistogram} from './measure/histograms.js'
import type {Histogram} from './measure/histograms.js'
import type {Gathered} from './measure/second-gatherer.js'
import type {Stretch} from './plan/schedule.js'
import {latencyText, rateText} from './verdict/in-words.js'

/** Each step has so much more than the one before. */
const RISE = 1.5
const STEPS_MAX = 24
/** p99 beyond this many times the best of all steps is the knee, if it is not just small. */
const KNEE_FACTOR = 5
const KNEE_US_MIN = 20_000
/** Less sent than this share of what was due: it does not keep up. */
const SENT_MIN = 0.95

export function stairs(fromPerS: number, stepS: number): readonly Stretch[] {
  return Array.from({length: STEPS_MAX}, (_, index) => {
    const perS = Math.round(fromPerS * RISE ** index)
    return {name: `step ${index + 1}`, durationS: stepS, fromPerS: perS, toPerS: perS}
  })
}

interface Step {
  readonly name: string
  readonly perS: number
  readonly latency: Histogram
  offered: number
  sent: number
  delivered: number
  missing: number
}

export class StairWatch {
  readonly #stretches: readonly Stretch[]
  readonly #stop: () => void
  readonly #steps: Step[] = []
  #knee: string | undefined

  constructor({stretches}: {readonly stretches: readonly Stretch[]}, stop: () => void) {
    this.#stretches = stretches
    this.#stop = stop
  }

  look(second: Gathered): void {
    if (!second.isLoad || this.#knee !== undefined) return
    const stretch = this.#stretches.find(({name}) => name === second.phase)
    if (stretch === undefined) return
    let step = this.#steps.at(-1)
    if (step?.name !== stretch.name) {
      this.#knee = step === undefined ? undefined : this.#whyTooMuch(step)
      if (this.#knee !== undefined) return this.#stop()
      step = {
        name: stretch.name, perS: stretch.toPerS, latency: newHistogram(), offered: 0, sent: 0,
        delivered: 0, missing: 0,
      }
      this.#steps.push(step)
    }
    step.latency.add(second.histogram)
    step.offered += second.offered
    step.sent += second.sent
    step.delivered += second.delivered
    step.missing = second.missing
  }

  notes(): readonly string[] {
    const steps = this.#steps.map(({name, perS, latency}) =>
      `${name}: ${rateText(perS)}/s, p99 ${latencyText(p99(latency))}`)
    const good = this.#knee === undefined ? this.#steps.at(-1) : this.#steps.at(-2)
    const verdict = good === undefined
      ? 'even the first step was too much'
      : `the highest rate that held: ${rateText(good.perS)} messages/s`
    return [...steps, this.#knee === undefined ? verdict : `${verdict}; ${this.#knee}`]
  }

  #whyTooMuch({perS, latency, offered, sent, missing}: Step): string | undefined {
    // The first may be slow for being the first: code that is cold, connections that are new.
    const best = Math.min(...this.#steps.map((step) => p99(step.latency)))
    const limitUs = Math.max(KNEE_US_MIN, KNEE_FACTOR * best)
    const rate = `at ${rateText(perS)}/s`
    if (sent < offered * SENT_MIN) return `${rate} only ${sent} of ${offered} were sent`
    if (missing > 0) return `${rate} ${missing} deliveries were missing`
    if (p99(latency) > limitUs) return `${rate} p99 rose to ${latencyText(p99(latency))}`
    return undefined
  }
}

function p99(histogram: Histogram): number {
  return histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(99)
}
