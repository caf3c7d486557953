/** Waiting that ends: each helper rejects, naming what it waited for, when the time is over. */
const STEP_MS = 5

export interface EventuallyOptions {
  readonly timeoutMs?: number
  /** As a function it is asked when it was in vain. */
  readonly what?: string | (() => string)
}

/** Resolves with the first value of check that is neither undefined nor false. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  {timeoutMs = 5000, what = check.toString()}: EventuallyOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await check()
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>
    if (performance.now() > deadline) {
      const wanted = typeof what === 'string' ? what : what()
      throw new Error(`Waited ${timeoutMs} ms in vain for ${wanted}`)
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
  }
}

/** The promise's value, or a rejection after the time. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  timeoutMs = 5000,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(new Error(`Waited ${timeoutMs} ms in vain for ${what}`))
    timer = setTimeout(fail, timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
