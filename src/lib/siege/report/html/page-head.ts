/** The top of the page: what one wants to know who reads nothing else. Pure. */
import {bytes, grouped} from '../../../cli/plural.js'
import type {RunReport} from '../../run-report.js'
import {latencyText, rateText, secondsText} from '../units.js'
import {faultSentence, isSoakAlone, setUpSentence, verdictSentence, verdictWord} from '../words.js'
import {html, type Html} from './html.js'

export function pageHead(report: RunReport): Html {
  const {word, tone} = verdictWord(report.verdict)
  const {startedAt, durationS, environment, version, config} = report
  return html`<header>
<p class="kind">wsmesh siege</p>
<h1 class="verdict ${tone}"><strong>${word}</strong> <span>${verdictSentence(report)}</span></h1>
${moreReasons(report)}
${faultLines(report)}
<p class="setup">${unbroken(setUpSentence(report))}</p>
<p class="soft">${whenText(startedAt)}, ${secondsText(durationS)}, on ${environment.host},
wsmesh ${version}</p>
<pre class="command"><code>${wordByWord(config.command)}</code></pre>
</header>`
}

/** On a phone the charts are far below: how long the gap was stands at the top, too. */
function faultLines({faults}: RunReport): readonly Html[] {
  return faults.map((fault) => html`<p class="broke"><b>${fault.name}</b>
${unbroken(faultSentence(fault))}</p>`)
}

/** Lines are broken between words: browsers would break behind the hyphens of a flag, too. */
function wordByWord(command: string): Html {
  return command.split(' ').map((word) => html`<span>${word}</span>`)
    .reduce((all, word) => html`${all} ${word}`)
}

function moreReasons({reasons}: RunReport): readonly Html[] {
  const more = reasons.slice(1)
  if (more.length === 0) return []
  return [html`<ul class="reasons">${more.map((reason) => html`<li>${reason}</li>`)}</ul>`]
}

/** "2026-11-22 20:15:00 UTC"; text that is no time stays what it is. */
export function whenText(startedAt: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(startedAt) && startedAt.endsWith('Z')
    ? `${startedAt.slice(0, 10)} ${startedAt.slice(11, 19)} UTC`
    : startedAt
}

export function thresholdList({thresholds}: RunReport): readonly Html[] {
  if (thresholds.length === 0) return []
  const rows = thresholds.toSorted((a, b) =>
    Number(a.ok) - Number(b.ok) || Number(a.isBuiltIn) - Number(b.isBuiltIn))
  return [html`<section>
<h2>Thresholds</h2>
<ul class="thresholds">${rows.map(({ok, text, valueText}) => html`
<li class="${ok ? 'good' : 'bad'}"><span class="sign">${ok ? '✓' : '✗'}</span>
<code>${text}</code>
<b>${valueText}</b><span class="only-heard">${ok ? 'holds' : 'fails'}</span></li>`)}
</ul>
</section>`]
}

/** A number stays with its groups and its unit. */
function unbroken(text: string): string {
  return text.replaceAll(/(?<=\d) (?=\d|%|µs|ms\b|s\b|[KMG]?i?B\b)/g, '\u00A0')
}

interface Tile {
  readonly name: string
  readonly value: string
  readonly about: string
  readonly isBad?: boolean
}

export function keyFigures(report: RunReport): Html {
  return html`<section>
<h2>In numbers</h2>
<dl class="tiles">${tilesOf(report).map(({name, value, about, isBad = false}) => html`
<div class="tile${isBad ? ' bad' : ''}">
<dt>${name}</dt><dd><b>${unbroken(value)}</b> <small>${unbroken(about)}</small></dd></div>`)}
</dl>
</section>`
}

function soakTiles({counts, leak}: RunReport): readonly Tile[] {
  const limit = leak?.detectionLimitBytesPerConnection ?? null
  return [
    {
      name: 'Cycles', value: grouped(leak?.cycles ?? 0),
      about: `after ${grouped(leak?.warmUpCycles ?? 0)} to warm up`,
    },
    {
      name: 'Visits', value: grouped(counts.connectsTried),
      about: `${grouped(counts.connectsFailed)} failed`,
    },
    {name: 'Sent', value: grouped(counts.sent), about: bytes(counts.bytesSent)},
    {
      name: 'Detection limit', value: limit === null ? '-' : bytes(limit),
      about: 'a connection: less growth would not have been seen',
    },
  ]
}

function tilesOf(report: RunReport): readonly Tile[] {
  if (isSoakAlone(report)) return soakTiles(report)
  const {counts, rates, latency, generator} = report
  const {message} = latency
  const wrong = counts.duplicated + counts.misdelivered + counts.corrupted
  return [
    {
      name: 'Delivered', value: grouped(counts.delivered),
      about: `of ${grouped(counts.expected)}, ${rateText(rates.deliveredPerS)}/s`,
    },
    {
      name: 'Lost', value: grouped(counts.lost), isBad: counts.lost > 0,
      about: `${grouped(counts.notRecovered)} told that they missed some`,
    },
    {
      name: 'Doubled or astray', value: grouped(wrong), isBad: wrong > 0,
      about: [
        `${grouped(counts.reordered)} out of order`,
        ...(counts.corrupted > 0 ? [`${grouped(counts.corrupted)} corrupted`] : []),
      ].join(', '),
    },
    {
      name: 'Latency p99', value: latencyText(message?.p99Us ?? null),
      about: `p50 ${latencyText(message?.p50Us ?? null)}, `
        + `max ${latencyText(message?.maxUs ?? null)}`,
    },
    {
      name: 'Sent', value: grouped(counts.sent),
      about: `${rateText(rates.sentPerS)}/s of ${rateText(rates.offeredPerS)}/s, `
        + `${grouped(counts.dropped)} dropped`,
    },
    {
      name: 'Connections', value: grouped(counts.connected),
      about: `${grouped(counts.connectsFailed)} failed, ${grouped(counts.reconnects)} came back`,
    },
    {
      name: 'Received', value: bytes(counts.bytesReceived),
      about: `${bytes(rates.bytesInPerS)}/s`,
    },
    {
      name: 'Cost of the load', value: `${rateText(generator.cpuUsPerMessage)} µs`,
      about: `of CPU a message; ${generator.isValid ? 'it kept up' : 'it was the bottleneck'}`,
      isBad: !generator.isValid,
    },
  ]
}
