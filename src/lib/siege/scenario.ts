/** `--scenario FILE`: phases and a mix, from JSON or from what a module exports. */
import {access, readFile} from 'node:fs/promises'
import {extname, resolve} from 'node:path'
import {pathToFileURL} from 'node:url'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {parseDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import type {MixPart, TargetKind} from './plan/audience.js'
import type {Stretch} from './plan/schedule.js'

export interface Scenario {
  readonly stretches: readonly Stretch[]
  readonly mix: readonly MixPart[] | undefined
}

const KINDS: readonly TargetKind[] = ['user', 'group', 'everyone']
const PHASES_MAX = 100
const PHASE_KEYS = ['name', 'for', 'rate']
const PHASE_MS_MAX = 30 * 24 * 3_600_000
const WEIGHT_MAX = 1_000_000

/** Rejects with FILE_UNREADABLE or INPUT_INVALID. */
export async function readScenario(file: string): Promise<Scenario> {
  const value = extname(file) === '.json' ? await readJson(file) : await importModule(file)
  return scenarioOf(value, file)
}

async function readJson(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read the scenario ${file}`, {cause: error})
  }
  const read = parseJson(text)
  if (read.ok) return read.value
  throw wrong(file, `it is ${read.reason}`)
}

/** TypeScript too, which Node 20 does not run by itself. */
async function importModule(file: string): Promise<unknown> {
  const path = resolve(file)
  try {
    await access(path)
    const module: unknown = /\.[cm]?ts$/.test(file)
      ? await (await import('jiti')).createJiti(import.meta.url, {fsCache: false}).import(path)
      : await import(pathToFileURL(path).href)
    return isRecord(module) ? module['default'] : undefined
  } catch (error) {
    const message = `Cannot load the scenario ${file}`
    throw new WsmeshError('FILE_UNREADABLE', message, {cause: error})
  }
}

/** Exported for tests. */
export function scenarioOf(value: unknown, file: string): Scenario {
  if (!isRecord(value)) throw wrong(file, 'it holds no object with "phases"')
  const {phases, mix} = value
  const stray = Object.keys(value).find((name) => name !== 'phases' && name !== 'mix')
  if (stray !== undefined) throw wrong(file, `"${stray}" is unknown: there are "phases" and "mix"`)
  if (!Array.isArray(phases) || phases.length === 0 || phases.length > PHASES_MAX) {
    throw wrong(file, `"phases" is no list of 1 to ${PHASES_MAX}`)
  }
  const list: readonly unknown[] = phases
  return {
    stretches: list.map((phase, index) => stretchOf(phase, index, file)),
    mix: mix === undefined ? undefined : mixOf(mix, file),
  }
}

function stretchOf(phase: unknown, index: number, file: string): Stretch {
  const where = `phase ${index + 1}`
  if (!isRecord(phase)) throw wrong(file, `${where} is no object`)
  const {name = where, for: lasts, rate} = phase
  const stray = Object.keys(phase).find((key) => !PHASE_KEYS.includes(key))
  if (stray !== undefined) {
    throw wrong(file, `"${stray}" of ${where} is unknown: there are "${PHASE_KEYS.join('", "')}"`)
  }
  const ms = typeof lasts === 'string' ? parseDuration(lasts) : undefined
  if (typeof name !== 'string' || name === '') throw wrong(file, `the name of ${where} is no text`)
  if (ms === undefined || ms <= 0) throw wrong(file, `"for" of ${where} is no duration, as "10s"`)
  if (ms > PHASE_MS_MAX) throw wrong(file, `"for" of ${where} is more than 30 days`)
  const rates: readonly unknown[] = Array.isArray(rate) ? rate : [rate]
  const [fromPerS, toPerS = fromPerS] = rates
  if (!isRate(fromPerS) || !isRate(toPerS) || rates.length > 2) {
    throw wrong(file, `"rate" of ${where} is no number, or two of them: [from, to]`)
  }
  return {name, durationS: ms / 1000, fromPerS, toPerS}
}

function mixOf(mix: unknown, file: string): readonly MixPart[] {
  const entries = isRecord(mix) ? Object.entries(mix) : []
  const parts = entries.map(([kind, weight]) => {
    const known = KINDS.find((name) => name === kind)
    if (known === undefined) throw wrong(file, `"${kind}" in "mix" is none of ${KINDS.join(', ')}`)
    if (!Number.isInteger(weight) || Number(weight) < 1 || Number(weight) > WEIGHT_MAX) {
      throw wrong(file, `the weight of "${kind}" is no whole number from 1 to ${WEIGHT_MAX}`)
    }
    return {kind: known, weight: Number(weight)}
  })
  if (parts.length === 0) throw wrong(file, '"mix" names nobody')
  return parts
}

function isRate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1_000_000
}

function wrong(file: string, why: string): WsmeshError {
  return new WsmeshError('INPUT_INVALID', `The scenario ${file} cannot be used: ${why}`, {
    suggestions: ['{"phases": [{"name": "warm-up", "for": "10s", "rate": [0, 500]}, '
      + '{"name": "rush", "for": "1m", "rate": 500}], "mix": {"user": 9, "everyone": 1}}'],
  })
}
