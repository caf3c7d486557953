/** What the relay's benches share: processor time, and publishing at a rate. */
import {readdirSync, readFileSync} from 'node:fs'
import {sleep} from './mesh.mjs'

const STEP_MS = 5

/** Processor time of all threads of a process so far, in microseconds. */
export function cpuUs(pid) {
  let ns = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [spent] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    ns += Number(spent)
  }
  return ns / 1000
}

/** Publishes so many a second, and resolves when all are answered: to how many that were. */
export async function steadily(rate, seconds, publish) {
  const startMs = performance.now()
  const answers = []
  for (let at = 0; at < seconds * 1000; at = performance.now() - startMs) {
    for (; answers.length < (at / 1000) * rate; ) answers.push(publish(answers.length))
    await sleep(STEP_MS)
  }
  await Promise.all(answers)
  return answers.length
}
