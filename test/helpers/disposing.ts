import {afterEach} from 'vitest'

/** Whatever is given to the function that it returns ends after each test, the last first. */
export function disposing(): <T extends AsyncDisposable>(each: T) => T {
  let opened: AsyncDisposable[] = []
  afterEach(async () => {
    const all = opened.toReversed()
    opened = []
    for (const each of all) await each[Symbol.asyncDispose]()
  })
  return (each) => {
    opened.push(each)
    return each
  }
}
