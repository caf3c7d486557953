/** A server, its driver, and clients that come in: what all rows begin with. */
import {Driver, pinned} from './driver.mjs'
import {faultOf, figuresOf} from './measure.mjs'
import {door, frameTo, peers} from './peers.mjs'

/** Bytes of each message's text. */
export const BYTES = 128

/** Runs `work` and ends both whatever happens; undefined where the peer cannot run here. */
export async function withServer(name, options, work) {
  const server = await peers[name](options)
  if (!server) return undefined
  const driver = new Driver(pinned(0, options.programs.driver))
  try {
    await driver.watch(server.pids)
    return await work(server, driver)
  } finally {
    await server.stop()
    await driver.end()
  }
}

/**
 * `count` clients come in at port number `at`, each as a user of its own: `u0`, `u1`, … or `users`;
 * with the groups that `groups` says for each, else in the group of all.
 */
export async function enter(server, driver, at, count, {prefix = 'u', users, groups} = {}) {
  const names = users ?? Array.from({length: count}, (_, n) => `${prefix}${n}`)
  const one = door(server, at, names[0], groups?.[0])
  if (server.firstFile) one.firstFile = await server.firstFile(names, groups)
  return driver.open(one, count)
}

/** Messages for `to`, published by connection `from` of the driver, as the driver's stream `id`. */
export function publishTo(server, driver, to, {id = 0, from = 0, expected, bytes = BYTES}) {
  return driver.stream(id, {from, ...frameTo(server, to, bytes), expected})
}

/** One run of one load, as figures and with what is wrong with it. */
export async function measure(driver, mode, load, {seconds, warm = 0.7, id = 0, lateMaxUs}) {
  const run = await driver.run(seconds, warm, {[id]: load})
  return {mode, load, ...figuresOf(run), fault: faultOf(run, load, lateMaxUs)}
}
