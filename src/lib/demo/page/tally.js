// Whether numbers that should come as 1, 2, 3, … did: decided by what arrived and nothing else.

/**
 * @typedef {object} Tally
 * @property {number} first the first that arrived: nothing is said of those before it
 * @property {number} last the highest that arrived
 * @property {number} arrived
 * @property {number} doubled arrived again
 * @property {number} late arrived after a higher one
 * @property {readonly (readonly [number, number])[]} holes from and to, both missing
 */

/** @type {Tally} */
export const EMPTY_TALLY = {first: 0, last: 0, arrived: 0, doubled: 0, late: 0, holes: []}

/** @returns {Tally} with one number more */
export function counted(tally, number) {
  const arrived = tally.arrived + 1
  if (tally.arrived === 0) return {...tally, arrived, first: number, last: number}
  const {first, last, holes} = tally
  if (number > last) {
    const hole = number === last + 1 ? [] : [[last + 1, number - 1]]
    return {...tally, arrived, last: number, holes: [...holes, ...hole]}
  }
  const isLate = number < first || holes.some(([from, to]) => from <= number && number <= to)
  if (!isLate) return {...tally, arrived, doubled: tally.doubled + 1}
  return {...tally, arrived, late: tally.late + 1, holes: holes.flatMap(without(number))}
}

/** What is left of a hole once the number is there. */
function without(number) {
  return ([from, to]) => {
    if (number < from || number > to) return [[from, to]]
    return [[from, number - 1], [number + 1, to]].filter(([low, high]) => low <= high)
  }
}

export function missing({holes}) {
  return holes.reduce((sum, [from, to]) => sum + to - from + 1, 0)
}

/** "none missing", or what is wrong: "3 missing, 1 doubled". */
export function verdict(tally) {
  const wrong = [
    [missing(tally), 'missing'],
    [tally.doubled, 'doubled'],
    [tally.late, 'out of order'],
  ].filter(([count]) => count > 0)
  if (wrong.length === 0) return {isGood: true, words: 'none missing'}
  const words = wrong.map(([count, what]) => `${count.toLocaleString('en')} ${what}`).join(', ')
  return {isGood: false, words}
}

/** All tabs as one: the sum of what is wrong, the highest number. */
export function total(tallies) {
  return tallies.reduce(
    (sum, tally) => ({
      first: 0,
      last: Math.max(sum.last, tally.last),
      arrived: sum.arrived + tally.arrived,
      doubled: sum.doubled + tally.doubled,
      late: sum.late + tally.late,
      holes: [...sum.holes, ...tally.holes],
    }),
    EMPTY_TALLY,
  )
}
