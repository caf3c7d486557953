/**
 * A run as one HTML file that needs nothing else: no network, no folder beside it. What matters is
 * there without scripts; the charts are drawn by uPlot, which is written into the file.
 */
import {createHash} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {dirname, join} from 'node:path'

import type {RunReport} from '../../run-report.js'
import {verdictWord, type Tone} from '../words.js'
import type {Chart} from './chart.js'
import {stepChart} from './evidence-charts.js'
import {html, Html, scriptJson} from './html.js'
import {faultSection, memorySection} from './page-evidence.js'
import {keyFigures, pageHead, thresholdList, whenText} from './page-head.js'
import {
  connectionSection, errorSection, latencySection, nodeSection, phaseSection, setUpSection,
} from './page-tables.js'
import {timeCharts} from './time-charts.js'

export async function htmlReport(report: RunReport): Promise<string> {
  const {styles, plotScript, script} = await readAssets()
  const charts: Chart[] = []
  const place = (chart: Chart): Html => {
    charts.push(chart)
    return html`<figure class="card chart" data-chart="${charts.length - 1}">
<figcaption><h3>${chart.title}</h3><small>${chart.about}</small></figcaption>
<div class="plot"></div>
</figure>`
  }
  const body = pageBody(report, place)
  const {word, tone} = verdictWord(report.verdict)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(styles, [plotScript, script])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="wsmesh ${report.version}">
<title>${word}: siege of ${whenText(report.startedAt)}</title>
<link rel="icon" href="${icon(tone)}">
${styles.map((text) => html`<style>${new Html(text)}</style>`)}
</head>
<body>
${body}
<script type="application/json" id="charts">${scriptJson(charts)}</script>
<script>${new Html(plotScript)}</script>
<script type="module">${new Html(script)}</script>
</body>
</html>
`.text
}

function pageBody(report: RunReport, place: (chart: Chart) => Html): Html {
  const steps = stepChart(report)
  const charts = [...(steps === undefined ? [] : [steps]), ...timeCharts(report)]
  return html`${pageHead(report)}
<main>
<div class="verdict-grounds">
${thresholdList(report)}
${keyFigures(report)}
</div>
${faultSection(report, place)}
${memorySection(report, place)}
${charts.length === 0 ? [] : [html`<section>
<h2>Over time <small class="mouse">drag to look closer, double-click to see all</small></h2>
<noscript><p class="soft">The charts need scripts, which are switched off here.</p></noscript>
<div class="grid">${charts.map(place)}</div>
</section>`]}
${latencySection(report)}
${phaseSection(report)}
${nodeSection(report)}
${errorSection(report)}
${connectionSection(report)}
${setUpSection(report)}
</main>`
}

interface Assets {
  readonly styles: readonly string[]
  /** uPlot, which makes a global; then our own, a module. */
  readonly plotScript: string
  readonly script: string
}

async function readAssets(): Promise<Assets> {
  const plot = dirname(createRequire(import.meta.url).resolve('uplot'))
  const [plotStyle = '', style = '', plotScript = '', script = ''] = await Promise.all([
    join(plot, 'uPlot.min.css'),
    join(import.meta.dirname, 'page', 'page.css'),
    join(plot, 'uPlot.iife.min.js'),
    join(import.meta.dirname, 'page', 'page.js'),
  ].map((path) => readFile(path, 'utf8')))
  return {styles: [plotStyle, style], plotScript, script}
}

/** Nothing may be loaded, and no script may run but these, whatever a name in the report says. */
function policy(styles: readonly string[], scripts: readonly string[]): string {
  return `default-src 'none'; img-src data:; style-src ${hashes(styles)}; `
    + `script-src ${hashes(scripts)}; base-uri 'none'; form-action 'none'`
}

function hashes(texts: readonly string[]): string {
  return texts
    .map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ')
}

const ICON_COLOURS: Readonly<Record<Tone, string>> = {
  good: '#1d7a52', bad: '#b3261e', unsure: '#c77700',
}

/** The verdict in the browser's tab; and no browser asks for /favicon.ico. */
function icon(tone: Tone): string {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    + `<circle cx="8" cy="8" r="7" fill="${ICON_COLOURS[tone]}"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
