/**
 * A run in lines that only ever follow each other: for logs, pipes and CI. Faults come as notices.
 * Pure.
 */
import {bytes, grouped, plural} from '../../../cli/plural.js'
import {printable} from '../../../cli/printable.js'
import {unreachable} from '../../../util/assert.js'
import type {SecondSample, SiegeEvent} from '../../second-sample.js'
import {atText, latencyText, rateText} from '../units.js'

/** Seconds between two lines: a log of hours is not read line by line. */
export function plainEveryS(timeS: number): number {
  if (timeS <= 300) return 5
  return timeS <= 3600 ? 15 : 60
}

/** Gathers seconds; gives the lines that each event is worth. */
export class PlainProgress {
  #everyS = plainEveryS(0)
  #gathered: SecondSample[] = []

  next(event: SiegeEvent): readonly string[] {
    switch (event.type) {
      case 'started':
        this.#everyS = plainEveryS(event.timeS)
        return [printable(event.startLine)]
      case 'phase':
        return [`${atText(event.atS)}: ${printable(event.name)}`]
      case 'second':
        this.#gathered.push(event.sample)
        // At round times, so that logs of two runs can be laid side by side.
        return event.sample.atS % this.#everyS === 0 ? this.#flush() : []
      case 'notice':
        return [printable(event.text)]
      case 'ended':
        return this.#flush()
      default:
        return unreachable(event)
    }
  }

  #flush(): readonly string[] {
    const samples = this.#gathered
    this.#gathered = []
    return samples.length === 0 ? [] : [plainLine(samples)]
  }
}

/** "15 s  load  1 000 open  4 000/s delivered  2 000/s sent  p99 4.62 ms (worst second)". */
export function plainLine(samples: readonly SecondSample[]): string {
  const latest = samples.at(-1)
  if (latest === undefined) return ''
  const perS = (of: (sample: SecondSample) => number) =>
    rateText(samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length)
  const worstP99 = mostOf(samples, ({p99Us}) => p99Us)
  const worst = mostOf(samples, ({maxUs}) => maxUs)
  return [
    atText(latest.atS),
    printable(latest.phase),
    `${grouped(latest.connected)} open`,
    `${perS(({delivered}) => delivered)}/s delivered`,
    `${perS(({sent}) => sent)}/s sent`,
    ...(worstP99 === null ? [] : [`p99 ${latencyText(worstP99)}`, `max ${latencyText(worst)}`]),
    ...memoryText(latest),
    ...troubleTexts(samples, latest),
  ].join('  ')
}

function memoryText({nodes}: SecondSample): readonly string[] {
  const most = nodes.reduce((max, {rssBytes}) => Math.max(max, rssBytes ?? 0), 0)
  return most === 0 ? [] : [`nodes up to ${bytes(most)}`]
}

function troubleTexts(samples: readonly SecondSample[], latest: SecondSample): readonly string[] {
  const sum = (of: (sample: SecondSample) => number) =>
    samples.reduce((total, sample) => total + of(sample), 0)
  const counts = [
    [latest.missing, 'missing so far'], [latest.duplicated, 'doubled'],
    [latest.misdelivered, 'misdelivered'], [latest.corrupted, 'corrupted'],
    [sum(({dropped}) => dropped), 'slots dropped'],
    [sum(({closedByServer}) => closedByServer), 'closed by the server'],
  ] as const
  const errors = sum((sample) => sample.errors)
  return [
    ...counts.flatMap(([count, text]) => count > 0 ? [`${grouped(count)} ${text}`] : []),
    ...(errors > 0 ? [plural(errors, 'error')] : []),
  ]
}

function mostOf(
  samples: readonly SecondSample[],
  of: (sample: SecondSample) => number | null,
): number | null {
  const values = samples.flatMap((sample) => of(sample) ?? [])
  return values.length === 0 ? null : Math.max(...values)
}
