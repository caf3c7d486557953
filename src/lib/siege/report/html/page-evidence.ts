/** Faults and memory on the page. Pure. */
import type {FaultReport, LeakOfNode, RunReport} from '../../run-report.js'
import {soakSentence} from '../summary-evidence.js'
import {atText, gapText} from '../units.js'
import {leakWord} from '../words.js'
import type {Chart} from './chart.js'
import {faultChart, leakCharts} from './evidence-charts.js'
import {html, type Html} from './html.js'

/** Gives a chart its place; the script finds it by the number. */
export type PlaceChart = (chart: Chart) => Html

export function faultSection({faults}: RunReport, place: PlaceChart): readonly Html[] {
  if (faults.length === 0) return []
  return [html`<section>
<h2>Faults</h2>
${faults.map((fault) => faultCard(fault, place))}
</section>`]
}

function faultCard(fault: FaultReport, place: PlaceChart): Html {
  const {name, what, atS, plannedAtS, broken} = fault
  const chart = faultChart(fault)
  const when = atS === null
    ? `planned at ${atText(plannedAtS)}, never happened`
    : `at ${atText(atS)}`
  return html`<article class="card fault">
<div class="words">
<h3>${name} <small>${when}</small></h3>
<p>${what}</p>
${atS === null ? [] : [faultFigures(fault)]}
${broken.length === 0 ? [] : [html`<ul class="broken">${broken.map((promise) =>
    html`<li><b>Broken:</b> ${promise}</li>`)}</ul>`]}
</div>
${chart === undefined ? [] : [place(chart)]}
</article>`
}

function faultFigures({atS, gapMs, recoveredAfterMs, healedAtS}: FaultReport): Html {
  const healed = healedAtS === null || atS === null ? undefined : (healedAtS - atS) * 1000
  return html`<dl class="figures">
<div class="gap"><dt>Longest gap</dt>
<dd>${gapMs === null ? 'not measured' : gapText(gapMs)}</dd></div>
<div class="recovery"><dt>Back at 90 % after</dt>
<dd>${recoveredAfterMs === null ? 'never' : gapText(recoveredAfterMs)}</dd></div>
${healed === undefined
  ? [] : [html`<div class="healed"><dt>Healed after</dt><dd>${gapText(healed)}</dd></div>`]}
</dl>`
}

export function memorySection({leak}: RunReport, place: PlaceChart): readonly Html[] {
  if (leak === null) return []
  const {word, tone} = leakWord(leak.verdict)
  return [html`<section>
<h2>Memory</h2>
<p class="line ${tone}"><strong>${word}</strong> <span>${leak.summary}</span></p>
<p class="soft">${soakSentence(leak)}.</p>
<div class="grid">${leak.nodes.map(leakCard)}</div>
<div class="grid">${leakCharts(leak).map(place)}</div>
</section>`]
}

function leakCard({node, verdict, summary, findings}: LeakOfNode): Html {
  const {word, tone} = leakWord(verdict)
  return html`<article class="card">
<h3>${node} <small class="${tone}">${word}</small></h3>
<p>${summary}</p>
<ul class="findings">${findings.map((finding) => html`
<li><b class="${leakWord(finding.verdict).tone}">${leakWord(finding.verdict).word}</b>
<code>${finding.name}</code> <span>${finding.evidence}</span></li>`)}</ul>
</article>`
}
