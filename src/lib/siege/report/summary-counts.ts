/** What was counted, a line for each question that is asked first. Pure. */
import type {ChalkInstance} from 'chalk'

import {bytes, grouped} from '../../cli/plural.js'
import type {RunReport} from '../run-report.js'
import {rateText} from './units.js'
import {isSoakAlone} from './words.js'

interface CountLine {
  readonly name: string
  readonly count: number
  readonly about: string
  /** Messages went wrong: nobody shall read over it. */
  readonly isWrong?: boolean
}

/** "delivered  120 000  of 120 000 expected; 4 000/s, 17 MiB". */
export function countLines(report: RunReport, colours: ChalkInstance): string[] {
  const lines = countsOf(report)
  const nameWidth = Math.max(...lines.map(({name}) => name.length))
  const countWidth = Math.max(...lines.map(({count}) => grouped(count).length))
  return lines.map(({name, count, about, isWrong = false}) => {
    const line = `${name.padEnd(nameWidth)}  ${grouped(count).padStart(countWidth)}  ${about}`
    return isWrong ? colours.red.bold(line) : line
  })
}

/** The same for the page. */
export function countsOf(report: RunReport): readonly CountLine[] {
  const {counts, rates, config} = report
  if (isSoakAlone(report)) return soakCounts(report)
  return [
    {name: 'connected', count: counts.connected, about: connectionsText(report)},
    ...(config.ratePerS === null && counts.sent === 0
      ? []
      : [
          {name: 'sent', count: counts.sent, about: sentText(report)},
          {
            name: 'accepted',
            count: counts.accepted,
            about: `${grouped(counts.refused)} refused, ${grouped(counts.unanswered)} unanswered`,
          },
        ]),
    {
      name: 'delivered',
      count: counts.delivered,
      about: [
        `of ${grouped(counts.expected)} expected; ${rateText(rates.deliveredPerS)}/s`,
        bytes(counts.bytesReceived),
      ].join(', '),
    },
    {
      name: 'lost',
      count: counts.lost,
      about: `${grouped(counts.duplicated)} doubled, ${grouped(counts.reordered)} out of order, `
        + `${grouped(counts.misdelivered)} misdelivered`
        + (counts.corrupted > 0 ? `, ${grouped(counts.corrupted)} corrupted` : ''),
      isWrong: counts.lost + counts.duplicated + counts.misdelivered + counts.corrupted > 0,
    },
  ]
}

function soakCounts({counts}: RunReport): readonly CountLine[] {
  return [
    {
      name: 'visits', count: counts.connectsTried,
      about: `${grouped(counts.connectsFailed)} failed`,
    },
    {name: 'sent', count: counts.sent, about: bytes(counts.bytesSent)},
  ]
}

function connectionsText({counts}: RunReport): string {
  const {connectsTried, connectsFailed, reconnects, closedByServer, notRecovered} = counts
  return [
    `of ${grouped(connectsTried)} tried, ${grouped(connectsFailed)} failed`,
    ...(reconnects > 0 ? [`${grouped(reconnects)} came back`] : []),
    ...(closedByServer > 0 ? [`${grouped(closedByServer)} closed by the server`] : []),
    ...(notRecovered > 0 ? [`${grouped(notRecovered)} told that they missed some`] : []),
  ].join('; ')
}

function sentText({counts, rates}: RunReport): string {
  const due = `${rateText(rates.sentPerS)}/s of ${rateText(rates.offeredPerS)}/s offered`
  return `${due}, ${counts.dropped === 0 ? 'none' : grouped(counts.dropped)} dropped`
}
