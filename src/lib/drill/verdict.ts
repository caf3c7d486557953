/** Whether the promises held. Pure. */
import type {Drill} from './drill.js'
import {STALL_MS, WITHIN} from './limits.js'
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
  /** How long clients that lost their node had none, their own pauses not counted. */
  readonly backMs: readonly number[]
  /** So long this machine let a timer wait; its nodes stood still as long. */
  readonly stallMs: number
  /** Why changes of master do not count, if they do not. */
  readonly excuse: string | undefined
  /** Said by the drill itself, and what could not be waited for. */
  readonly broken: readonly string[]
}

/**
 * What is broken, in words, the gravest first; empty: the promises held. The short form judges no
 * time: it waits until what must come has come. And a machine that stops everything for long, as a
 * test suite's may, stops masters too: then they may change.
 */
export function whatIsBroken(drill: Drill, facts: RoundFacts, isShort: boolean): readonly string[] {
  const {tally, wholeMs, broken} = facts
  const rules: readonly Rule[] = [
    [tally.positionsTwice > 0, `${tally.positionsTwice} positions with two messages`],
    [tally.lost > 0, `${tally.lost} deliveries lost`],
    [tally.duplicated > 0, `${tally.duplicated} deliveries doubled`],
    [tally.reordered > 0, `${tally.reordered} deliveries out of order`],
    [tally.misdelivered > 0, `${tally.misdelivered} deliveries to the wrong connection`],
    [tally.notRecovered > 0, `${tally.notRecovered} not recovered`],
    [tally.wrongReceipts > 0, `${tally.wrongReceipts} receipts with a wrong count`],
    [drill.promise.isAnswered && tally.receipted < tally.sent,
      `${tally.sent - tally.receipted} messages without a receipt`],
    [tally.delivered === 0, 'nothing was delivered'],
    [facts.firstMs === undefined, 'no message came to some node after the fault'],
    ...changesOfMaster(drill, facts, isShort),
    ...(isShort ? [] : times(drill, facts)),
    [wholeMs === undefined, 'the mesh did not become whole again'],
  ]
  return [...rules.filter(([isBroken]) => isBroken).map(([, text]) => text), ...broken]
}

type Rule = readonly [isBroken: boolean, text: string]

function changesOfMaster({promise}: Drill, facts: RoundFacts, isShort: boolean): readonly Rule[] {
  const {masterChanges, excuse, stallMs} = facts
  const most = promise.masterChangesMax
  if (most === undefined || excuse !== undefined || (isShort && stallMs > STALL_MS)) return []
  return [[masterChanges > most, `the master changed ${masterChanges} times, ${most} allowed`]]
}

function times({promise}: Drill, facts: RoundFacts): readonly Rule[] {
  const {latencyMs = 0, firstMs = 0, gapMs} = facts
  const gapMsMax = promise.gapMs ?? WITHIN.gapMs
  const backMs = Math.max(0, ...facts.backMs)
  // Then it is no proof against the mesh, and no proof for it either.
  const still = facts.stallMs <= STALL_MS
    ? '' : ` (this machine stood still for ${plainMs(facts.stallMs)})`
  const rules: readonly Rule[] = [
    [latencyMs > WITHIN.calmMs,
      `too many messages for this machine: ${plainMs(latencyMs)} each before the fault`],
    [firstMs > promise.firstMs,
      `the first message came after ${plainMs(firstMs)}, ${plainMs(promise.firstMs)} are allowed`],
    [gapMs > gapMsMax, `no message for ${plainMs(gapMs)}, ${plainMs(gapMsMax)} are allowed`],
    [promise.backMs !== undefined && backMs > promise.backMs,
      `a client waited ${plainMs(backMs)} for another node, beside its own pauses`],
  ]
  return rules.map(([isBroken, text]): Rule => [isBroken, text + still])
}
