/** Whether the promises held. Pure. */
import type {Drill} from './drill.js'
import {SHORT_FACTOR, WITHIN} from './limits.js'
import {plainMs} from './plain-ms.js'
import type {Tally} from './tally.js'

export interface RoundFacts {
  readonly tally: Tally
  /** Half of the deliveries before the fault came within so long of their sending. */
  readonly latencyMs: number | undefined
  /** From the fault until each node that was not hit delivered what was sent after it. */
  readonly firstMs: number | undefined
  /** The longest time in which nothing came to a node that was not hit itself. */
  readonly gapMs: number
  /** From the end of the fault until all nodes were linked and copies; undefined: never. */
  readonly wholeMs: number | undefined
  readonly masterChanges: number
  /** Said by the drill itself, and what could not be waited for. */
  readonly broken: readonly string[]
}

/** What is broken, in words, the gravest first; empty: the promises held. */
export function whatIsBroken(drill: Drill, facts: RoundFacts, isShort: boolean): readonly string[] {
  const {tally, latencyMs, firstMs, gapMs, masterChanges} = facts
  const {promise} = drill
  const factor = isShort ? SHORT_FACTOR : 1
  const [firstMsMax, gapMsMax] = [promise.firstMs * factor, WITHIN.gapMs * factor]
  const changesMax = promise.masterChangesMax
  const rules: readonly (readonly [isBroken: boolean, text: string])[] = [
    [tally.positionsTwice > 0, `${tally.positionsTwice} positions with two messages`],
    [tally.lost > 0, `${tally.lost} deliveries lost`],
    [tally.duplicated > 0, `${tally.duplicated} deliveries doubled`],
    [tally.reordered > 0, `${tally.reordered} deliveries out of order`],
    [tally.misdelivered > 0, `${tally.misdelivered} deliveries to the wrong connection`],
    [tally.notRecovered > 0, `${tally.notRecovered} not recovered`],
    [tally.wrongReceipts > 0, `${tally.wrongReceipts} receipts with a wrong count`],
    [promise.isAnswered && tally.receipted < tally.sent,
      `${tally.sent - tally.receipted} messages without a receipt`],
    [tally.delivered === 0, 'nothing was delivered'],
    [firstMs === undefined, 'no message came to some node after the fault'],
    [(latencyMs ?? 0) > WITHIN.calmMs * factor,
      `too many messages for this machine: ${plainMs(latencyMs ?? 0)} each before the fault`],
    [firstMs !== undefined && firstMs > firstMsMax,
      `the first message came after ${plainMs(firstMs ?? 0)}, ${plainMs(firstMsMax)} are allowed`],
    [gapMs > gapMsMax, `no message for ${plainMs(gapMs)}, ${plainMs(gapMsMax)} are allowed`],
    [changesMax !== undefined && masterChanges > changesMax,
      `the master changed ${masterChanges} times, ${changesMax} allowed`],
    [facts.wholeMs === undefined, `the mesh was not whole ${plainMs(WITHIN.wholeMs)} after`],
  ]
  return [...rules.filter(([isBroken]) => isBroken).map(([, text]) => text), ...facts.broken]
}
