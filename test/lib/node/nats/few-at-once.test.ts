import {expect, test} from 'vitest'
import {FewAtOnce} from '../../../../src/lib/node/nats/few-at-once.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Answers that come when they are told to, and how many were under way at most. */
function bench(bytes: number) {
  const few = new FewAtOnce()
  const open: (() => void)[] = []
  const answers: Promise<number>[] = []
  const ask = (): void => {
    answers.push(few.run(() => new Promise<number>((resolve) => {
      open.push(() => resolve(bytes))
    }), (size) => size))
  }
  /** All are answered, turn by turn: how many were under way in each. */
  const drain = async (): Promise<number[]> => {
    const widths: number[] = []
    while (open.length > 0) {
      widths.push(open.length)
      for (const answer of open.splice(0)) answer()
      await turn()
    }
    await Promise.all(answers)
    return widths
  }
  return {ask, drain, few}
}

test('small answers come many at once, once their size is known', async () => {
  const {ask, drain} = bench(100)
  for (let n = 0; n < 98; n += 1) ask()
  expect(await drain()).toEqual([8, 32, 32, 26])
})

test('after a failure there are half as many at once, and slowly more', async () => {
  const {ask, drain, few} = bench(100)
  const fails = () => few.run(async () => Promise.reject(new Error('dropped')), () => 0)
  const failed = await Promise.allSettled(Array.from({length: 4}, fails))
  expect(failed.map(({status}) => status)).toEqual(Array.from({length: 4}, () => 'rejected'))
  for (let n = 0; n < 25; n += 1) ask()
  expect(await drain()).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3])
})

test('large ones come one by one', async () => {
  const {ask, drain} = bench(3_000_000)
  for (let n = 0; n < 10; n += 1) ask()
  expect(await drain()).toEqual([8, 1, 1])
})
