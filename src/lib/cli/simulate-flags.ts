import {Flags} from '@oclif/core'

import {WsmeshError} from '../util/errors.js'

const HOURS_MIN = 0.01
const HOURS_MAX = 8760

/** Hours, also parts of one. */
export const hoursFlag = Flags.custom<number>({
  helpValue: 'N',
  async parse(input, _context, {name}) {
    const hours = /^\d+(\.\d+)?$/.test(input) ? Number(input) : Number.NaN
    if (hours >= HOURS_MIN && hours <= HOURS_MAX) return hours
    const why = Number.isNaN(hours) ? 'is no number of hours' : 'is out of range'
    throw new WsmeshError('USAGE', `--${name} ${JSON.stringify(input)} ${why}`, {
      suggestions: [`--${name} 24   (${HOURS_MIN} to ${HOURS_MAX}, also 0.5)`],
    })
  },
})
