import {WsmeshError} from '../util/errors.js'
import {plainMs} from './plain-ms.js'

/** Rejects with NODE_FAILED when it takes longer. */
export async function waitFor<T>(work: Promise<T>, what: string, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(inVain(what, ms)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

export interface UntilOptions {
  readonly what: string
  readonly withinMs: number
  readonly sleep: (ms: number) => Promise<void>
}

const LOOK_AGAIN_MS = 20

/** Looks again and again until there is a value. Rejects with NODE_FAILED when there never is. */
export async function until<T>(
  look: () => Promise<T | undefined> | T | undefined,
  {what, withinMs, sleep}: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    if (performance.now() > deadline) throw inVain(what, withinMs)
    await sleep(LOOK_AGAIN_MS)
  }
}

function inVain(what: string, ms: number): WsmeshError {
  return new WsmeshError('NODE_FAILED', `Waited ${plainMs(ms)} in vain for ${what}`)
}
