/** Faults of clocks. */
import type {Drill, DrillContext} from './drill.js'
import {WITHIN} from './limits.js'
import type {Place} from './place.js'

const HOUR_MS = 3_600_000

export const clockShift: Drill = {
  name: 'clock-shift',
  fault: "the wall clock of the master jumps an hour ahead, then an hour behind, a follower's too",
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [10_000, 1500],
  shiftsClocks: true,
  hasInnerFaults: true,
  async run(context) {
    const {mesh, strike, hold} = context
    const master = await mesh.master()
    const follower = mesh.places.find((place) => place !== master) ?? master
    await strike([])
    for (const [place, ms] of [
      [master, HOUR_MS], [master, -HOUR_MS], [follower, HOUR_MS],
    ] as const) {
      await mesh.shiftClock(place, ms)
      await shows(context, place, ms)
      await hold()
      await mesh.shiftClock(place, 0)
    }
  },
}

/** A fault that nobody met proves nothing: the time that the node names with what it relays. */
async function shows(context: DrillContext, place: Place, shiftMs: number): Promise<void> {
  const {crowd, expect} = context
  const seen = {offMs: 0}
  const operator = await crowd.operator(place, (event) => {
    if (event.event === 'message') seen.offMs = event.at - Date.now()
  })
  try {
    await operator.tail({}, WITHIN.settledMs)
    await expect(`node ${place.name} to have the time that it was given`, async () =>
      Math.abs(seen.offMs - shiftMs) < HOUR_MS / 10)
  } finally {
    operator.close()
  }
}
