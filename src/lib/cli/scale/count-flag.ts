import {Flags} from '@oclif/core'

import {WsmeshError} from '../../util/errors.js'
import {grouped} from '../plural.js'

const TIMES: Readonly<Record<string, number>> = {'': 1, k: 1e3, M: 1e6}

type CountBounds = {
  readonly least: number
  readonly most: number
  /** Parts of one are allowed. */
  readonly isExact?: boolean
}

/** "250", "1.5k", "10M": a number within bounds. */
export const countFlag = Flags.custom<number, CountBounds>({
  helpValue: 'N',
  async parse(input, _context, {name, least, most, isExact = false}) {
    return countWithin(input, `--${name}`, {least, most, isExact})
  },
})

export function countWithin(text: string, what: string, bounds: CountBounds): number {
  const {least, most, isExact = false} = bounds
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? []
  const value = Number(digits) * (TIMES[unit] ?? 1)
  const isNumber = digits !== '' && (isExact || Number.isInteger(value))
  if (isNumber && value >= least && value <= most) return value
  const why = isNumber ? 'is out of range' : isExact ? 'is no number' : 'is no whole number'
  throw new WsmeshError('USAGE', `${what} ${JSON.stringify(text)} ${why}`, {
    suggestions: [`${what} ${short(least)} to ${short(most)}   (also 20k, 1.5M)`],
  })
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`
  return value < 1000 ? String(value) : grouped(value).replaceAll(' ', '')
}
