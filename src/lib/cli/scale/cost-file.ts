import {readFile} from 'node:fs/promises'

import {type MeasuredCosts, readCosts} from '../../scale/costs.js'
import {WsmeshError} from '../../util/errors.js'

const MEASURE = 'node bench/scale.mjs --out costs.json   (in a clone of wsmesh: ten minutes)'

/** What bench/scale.mjs wrote. Rejects with FILE_UNREADABLE or CONFIG_INVALID. */
export async function readCostFile(path: string): Promise<MeasuredCosts> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read --cost ${path}`, {
      cause: error, suggestions: [`ls -l ${path}`, MEASURE],
    })
  }
  const costs = readCosts(parsed(text))
  if (typeof costs !== 'string') return costs
  throw new WsmeshError('CONFIG_INVALID', `--cost ${path} has no costs of wsmesh: ${costs}`, {
    suggestions: [MEASURE],
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
