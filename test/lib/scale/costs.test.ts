import {describe, expect, test} from 'vitest'
import {COST_NAMES, COSTS_SCHEMA, readCosts} from '../../../src/lib/scale/costs.js'
import {DEFAULT_COSTS} from '../../../src/lib/scale/default-costs.js'

const changed = (changes: object) => ({...DEFAULT_COSTS, ...changes})
const {costs} = DEFAULT_COSTS

describe('a file of costs', () => {
  test('is read as it was written', () => {
    expect(readCosts(JSON.parse(JSON.stringify(DEFAULT_COSTS)))).toEqual(DEFAULT_COSTS)
  })

  test.each([
    [undefined, 'it is no JSON object'],
    [[], 'it is no JSON object'],
    ['costs', 'it is no JSON object'],
    [{}, `its "schema" is not "${COSTS_SCHEMA}"`],
    [changed({schema: 'wsmesh.costs/2'}), `its "schema" is not "${COSTS_SCHEMA}"`],
    [changed({machine: 7}), 'its "machine" is no text of 1 to 200 characters'],
    [changed({by: ''}), 'its "by" is no text of 1 to 200 characters'],
    [changed({costs: 3}), 'its "costs" is no object'],
    [changed({costs: {...costs, teaUs: 3}}), 'there is no cost "teaUs"'],
    [changed({costs: {...costs, toString: 3}}), 'there is no cost "toString"'],
    [changed({costs: {...costs, turnUs: '3'}}), 'its cost "turnUs"'],
    [changed({costs: {...costs, turnUs: -1}}), 'its cost "turnUs"'],
    [changed({costs: {...costs, turnUs: Number.NaN}}), 'its cost "turnUs"'],
    [changed({costs: {...costs, turnUs: 2e9}}), 'its cost "turnUs"'],
    [changed({costs: {...costs, turnUs: undefined}}), 'its cost "turnUs"'],
  ])('%# is refused', (value, why) => {
    expect(readCosts(value)).toContain(why)
  })

  test('what wsmesh comes with says where it is from, and has no cost of 0 that carries weight', () => {
    expect(DEFAULT_COSTS.measured).toMatch(/^\d{4}-\d\d-\d\d$/)
    const free = COST_NAMES.filter((name) => costs[name] === 0)
    expect(free).toEqual([])
  })
})
