import {html} from 'htm/preact'
import {useEffect, useRef} from 'preact/hooks'
import uPlot from 'uplot'

import type {History, SeriesName} from '../../wire.js'
import {bytes} from '../../../cli/plural.js'
import {clock, known, ms, short} from '../format.js'
import {withGaps} from '../model.js'
import type {PartProps} from './page.js'

interface ChartSpec {
  readonly title: string
  readonly series: readonly (readonly [name: SeriesName, label: string, colour: string])[]
  readonly value: (value: number) => string
  /** The axis reaches so far at least: silence is not blown up to drama. */
  readonly atLeast: number
  /** Marks of the axis: of bytes those that are round in twos. */
  readonly steps?: number[]
}

const BYTE_STEPS = Array.from({length: 36}, (_, power) => 2 ** (power + 4))

const SPECS: readonly ChartSpec[] = [
  {
    title: 'Messages a second', value: (value) => short(value), atLeast: 10,
    series: [['inPerS', 'published', 'hue-1'], ['relayedPerS', 'relayed', 'hue-2'],
      ['outPerS', 'delivered', 'hue-3']],
  },
  {
    title: 'Clients', value: short, atLeast: 10,
    series: [['clients', 'connections', 'hue-1'], ['users', 'users', 'hue-2']],
  },
  {
    title: 'Stalls of the event loop', value: ms, atLeast: 20,
    series: [['loopDelayMs', 'longest', 'hue-4']],
  },
  {
    title: 'Memory', value: bytes, atLeast: 64 * 1024 * 1024, steps: BYTE_STEPS,
    series: [['rssBytes', 'processes', 'hue-1'], ['queueBytes', 'queues', 'hue-3']],
  },
]

const HEIGHT = 146

export function Charts({app}: PartProps) {
  const {charts, selected, span} = app.model
  return html`<section class="card charts" aria-labelledby="charts-title">
    <div class="bar">
      <h2 id="charts-title">${selected === null ? 'All nodes' : selected}</h2>
      ${selected !== null && html`<button type="button" class="quiet"
        onClick=${() => app.select(null)}>Show all nodes</button>`}
      <div class="choice" role="group" aria-label="Time">
        ${(['10m', '6h'] as const).map((choice) => html`<button type="button" class="quiet"
          aria-pressed=${span === choice} onClick=${() => app.show(choice)}>
          ${choice === '10m' ? '10 minutes' : '6 hours'}</button>`)}
      </div>
    </div>
    <div class="plots">
      ${SPECS.map((spec) => html`<${Chart} key=${spec.title} spec=${spec} charts=${charts}
        stepS=${span === '10m' ? 1 : 10} />`)}
    </div>
  </section>`
}

interface ChartProps {
  readonly spec: ChartSpec
  readonly charts: History | undefined
  readonly stepS: number
}

function Chart({spec, charts, stepS}: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot>(null)
  useEffect(() => {
    if (place.current === null) return undefined
    plot.current = new Plot(place.current, spec)
    return () => plot.current?.close()
  }, [])
  useEffect(() => {
    if (charts !== undefined) plot.current?.show(withGaps(charts, stepS))
  }, [charts, stepS])
  const last = (name: SeriesName): string =>
    known(charts?.series[name].at(-1) ?? null, spec.value)
  const words = spec.series.map(([name, label]) => `${label} ${last(name)}`)
  return html`<figure class="plot">
    <figcaption>${spec.title}
      <span>${spec.series.map(([name, label, colour]) => html`<span class=${`key ${colour}`}>
        ${label} <b>${last(name)}</b></span>`)}</span></figcaption>
    <div ref=${place} role="img" aria-label=${`${spec.title}: ${words.join(', ')}`}></div>
  </figure>`
}

/** uPlot with the page's colours; drawn anew when these change, as at dusk. */
class Plot {
  readonly #place: HTMLElement
  readonly #spec: ChartSpec
  readonly #dark = matchMedia('(prefers-color-scheme: dark)')
  readonly #sizes: ResizeObserver
  readonly #redraw = (): void => this.#draw()
  #plot: uPlot | undefined
  #charts: History | undefined

  constructor(place: HTMLElement, spec: ChartSpec) {
    this.#place = place
    this.#spec = spec
    this.#dark.addEventListener('change', this.#redraw)
    this.#sizes = new ResizeObserver(() => {
      const width = place.clientWidth
      if (width > 0 && this.#plot?.width !== width) this.#plot?.setSize({width, height: HEIGHT})
    })
    this.#sizes.observe(place)
  }

  show(charts: History): void {
    this.#charts = charts
    if (this.#plot === undefined) this.#draw()
    else this.#plot.setData(this.#data(charts))
  }

  close(): void {
    this.#dark.removeEventListener('change', this.#redraw)
    this.#sizes.disconnect()
    this.#plot?.destroy()
  }

  #draw(): void {
    const charts = this.#charts
    if (charts === undefined) return
    this.#plot?.destroy()
    this.#plot = new uPlot(this.#options(), this.#data(charts), this.#place)
  }

  #data(charts: History): uPlot.AlignedData {
    return [[...charts.at], ...this.#spec.series.map(([name]) => [...charts.series[name]])]
  }

  #options(): uPlot.Options {
    const {series, value, atLeast, steps} = this.#spec
    const soft = colour('soft')
    const line = colour('line')
    const font = '11px system-ui, sans-serif'
    return {
      width: Math.max(100, this.#place.clientWidth),
      height: HEIGHT,
      legend: {show: false},
      cursor: {sync: {key: 'wsmesh'}, y: false, points: {size: 6}, drag: {x: false, y: false}},
      padding: [6, 20, 0, 0],
      scales: {y: {range: (_plot, _min, max) => [0, Math.max(atLeast, (max ?? 0) * 1.1)]}},
      axes: [
        {
          stroke: soft, font, size: 22, space: 70, grid: {show: false}, ticks: {show: false},
          values: (_plot, times) => timesOf(times),
        },
        {
          stroke: soft, font, size: 54, space: 32, ticks: {show: false},
          grid: {stroke: line, width: 1},
          values: (_plot, values) => values.map((one) => value(one)),
          ...(steps !== undefined && {incrs: steps}),
        },
      ],
      series: [
        {},
        ...series.map(([, label, name]) => ({
          label, stroke: colour(name), width: 1.5, points: {show: false}, spanGaps: false,
        })),
      ],
    }
  }
}

/** To the minute, or to the second where minutes would be all alike. */
function timesOf(times: readonly number[]): string[] {
  const spanS = (times.at(-1) ?? 0) - (times[0] ?? 0)
  return times.map((time) => clock(time * 1000).slice(0, spanS < 240 ? 8 : 5))
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
