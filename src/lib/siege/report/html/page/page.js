/* Draws the charts. What they show is decided where the file was written, not here. */

const charts = JSON.parse(document.getElementById('charts').textContent)
const root = document.documentElement
const isTouched = matchMedia('(pointer: coarse)').matches
/** Each with its chart: for cursors and zooms that are shared, and for drawing anew. */
const plots = []

function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim()
}

/** `alpha` as two digits of hexadecimal. */
function faded(name, alpha) {
  return colour(name) + alpha
}

/* Numbers as people read them: the same as on the terminal. */

function grouped(value) {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}

function short(value) {
  const size = Math.abs(value)
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`
  return size >= 10 || value === 0 ? grouped(value) : String(Number(value.toPrecision(2)))
}

function ms(value) {
  if (value >= 999.5) return grouped(value)
  if (value >= 99.95) return value.toFixed(0)
  if (value >= 9.995) return value.toFixed(1)
  return value >= 0.9995 ? value.toFixed(2) : value.toFixed(3)
}

function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let size = value
  let unit = 0
  while (Math.abs(size) >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${unit > 0 ? Number(size.toPrecision(3)) : Math.round(size)} ${units[unit]}`
}

function two(value) {
  return String(Math.floor(value)).padStart(2, '0')
}

/** "10 s", "1:30", "2:05:00". */
function time(seconds) {
  const sign = seconds < 0 ? '−' : ''
  const size = Math.abs(seconds)
  if (size < 120) return `${sign}${Number(size.toFixed(1))} s`
  const minutes = Math.floor(size / 60)
  return minutes < 60
    ? `${sign}${minutes}:${two(size % 60)}`
    : `${sign}${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(size % 60)}`
}

const VALUES = {
  count: grouped,
  perS: (value) => `${value > 0 && value < 10 ? Number(value.toFixed(1)) : grouped(value)}/s`,
  ms: (value) => `${ms(value)} ms`,
  bytes,
  percent: (value) => `${Math.round(value)} %`,
}

const TICKS = {
  count: short,
  perS: short,
  ms: (value) => `${Number(value.toPrecision(3))} ms`,
  bytes,
  percent: (value) => `${Math.round(value)}%`,
}

const PLACES = {
  time,
  afterFault: (seconds) => `${seconds < 0 ? '−' : ''}${Number(Math.abs(seconds).toFixed(2))} s`,
  cycle: (cycle) => `cycle ${cycle}`,
  rate: (rate) => `${grouped(rate)}/s`,
}

const BANDS = {gap: ['bad', '38'], recovery: ['warn', '30'], outside: ['soft', '14']}
/** A gap of milliseconds in a run of minutes must be seen all the same. */
const BAND_WIDTH_MIN = {gap: 3, recovery: 3, outside: 0}

function drawBands(plot, chart) {
  const {ctx, bbox} = plot
  const scale = devicePixelRatio
  for (const {from, to, tone} of chart.bands) {
    const left = Math.max(bbox.left, plot.valToPos(from, 'x', true))
    const right = Math.min(
      bbox.left + bbox.width,
      Math.max(plot.valToPos(to, 'x', true), left + BAND_WIDTH_MIN[tone] * scale),
    )
    if (right <= left) continue
    ctx.fillStyle = faded(...BANDS[tone])
    ctx.fillRect(left, bbox.top, right - left, bbox.height)
  }
}

function drawMarks(plot, chart) {
  const {ctx, bbox} = plot
  const scale = devicePixelRatio
  const rows = [-Infinity, -Infinity, -Infinity]
  ctx.save()
  ctx.font = `600 ${11 * scale}px system-ui, sans-serif`
  ctx.textBaseline = 'top'
  ctx.textAlign = 'left'
  for (const {at, label, tone} of chart.marks) {
    const x = Math.round(plot.valToPos(at, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    const width = ctx.measureText(label).width
    const isLate = x + width + 8 * scale > bbox.left + bbox.width
    const start = isLate ? x - width - 5 * scale : x + 5 * scale
    const row = Math.max(0, rows.findIndex((end) => end < start))
    rows[row] = start + width + 6 * scale
    ctx.strokeStyle = colour(tone)
    ctx.lineWidth = 1.5 * scale
    ctx.setLineDash([4 * scale, 3 * scale])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const top = bbox.top + (3 + row * 14) * scale
    ctx.fillStyle = faded('card', 'd0')
    ctx.fillRect(start - 2 * scale, top - 1 * scale, width + 4 * scale, 13 * scale)
    ctx.fillStyle = colour(tone)
    ctx.fillText(label, start, top)
  }
  ctx.restore()
}

const LOOKS = {
  line: {width: 1.75},
  thin: {width: 1},
  area: {width: 1.75},
  dashed: {width: 1.25, dash: [5, 4]},
}

/** Each of its values was measured by itself. */
const POINTED = new Set(['cycle', 'rate'])

function seriesOf(chart) {
  const place = PLACES[chart.axis]
  const value = VALUES[chart.unit]
  return [
    {label: 'at', value: (_plot, at) => at === null || at === undefined ? '' : place(at)},
    ...chart.series.map(({label, hue, look}) => ({
      label,
      ...LOOKS[look],
      stroke: () => colour(hue),
      ...(look === 'area' ? {fill: () => faded(hue, '26')} : {}),
      // What is counted in tenths of a second stands for all of each.
      ...(chart.axis === 'afterFault' ? {paths: uPlot.paths.stepped({align: 1})} : {}),
      points: {show: POINTED.has(chart.axis) && chart.x.length < 60, size: 5},
      value: (_plot, number) => number === null || number === undefined ? '' : value(number),
    })),
  ]
}

const INCREMENTS = {
  time: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800],
  afterFault: [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60],
  cycle: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  rate: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000],
}

/** Of bytes: 1, 2, 5, … of each unit, not of a million. */
const BYTE_INCREMENTS = [1, 1024, 1024 ** 2, 1024 ** 3, 1024 ** 4].flatMap((unit) =>
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((count) => count * unit))

function axesOf(chart) {
  const shared = {
    stroke: () => colour('soft'),
    font: '11px system-ui, sans-serif',
    grid: {stroke: () => faded('soft', '22'), width: 1},
    ticks: {stroke: () => faded('soft', '22'), width: 1, size: 4},
  }
  const tick = TICKS[chart.unit]
  const place = chart.axis === 'cycle' ? String : PLACES[chart.axis]
  return [
    {
      ...shared, size: 26, gap: 3, space: 64, incrs: INCREMENTS[chart.axis],
      values: (_plot, splits) => splits.map(place),
    },
    {
      ...shared, size: 58, gap: 4, space: 34,
      values: (_plot, splits) => splits.map((split) => tick(split)),
      ...(chart.unit === 'bytes' ? {incrs: BYTE_INCREMENTS} : {}),
      ...(chart.isLogarithmic ? {splits: logSplits, filter: (_plot, splits) => splits} : {}),
    },
  ]
}

/** 1, 2, 5, 10, … within the scale, or powers of ten alone when these are many. */
function logSplits(_plot, _axis, min, max) {
  const all = []
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power += 1) {
    all.push(...[1, 2, 5].map((digit) => digit * 10 ** power))
  }
  const inside = all.filter((value) => value >= min && value <= max)
  return inside.length <= 7
    ? inside
    : inside.filter((value) => Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6))
}

const NEAR_SPAN = 0.2

function rangeOf(chart) {
  if (chart.isLogarithmic) {
    return (_plot, min, max) => [Math.max(min, 0.001) * 0.7, Math.max(max, 0.002) * 1.5]
  }
  if (chart.isFromZero) return (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1]
  return (_plot, min, max) => {
    // Noise must not look like a mountain.
    const margin = Math.max((max - min) * 0.1, (max * NEAR_SPAN - (max - min)) / 2, 1)
    return [Math.max(0, min - margin), max + margin]
  }
}

let isSharing = false

/** A part of the time that is looked at in one chart is looked at in all. */
function shareZoom(plot, key) {
  if (key !== 'x' || isSharing) return
  isSharing = true
  const {min, max} = plot.scales.x
  for (const other of plots) {
    if (other.plot !== plot && other.chart.axis === 'time') other.plot.setScale('x', {min, max})
  }
  isSharing = false
}

function optionsOf(chart, size) {
  const isTime = chart.axis === 'time'
  return {
    ...size,
    padding: [10, 14, 0, 0],
    scales: {
      x: {time: false},
      y: {range: rangeOf(chart), ...(chart.isLogarithmic ? {distr: 3} : {})},
    },
    series: seriesOf(chart),
    axes: axesOf(chart),
    legend: {
      markers: {
        width: 0,
        fill: (_plot, index) => index === 0 ? 'none' : `var(--${chart.series[index - 1].hue})`,
      },
    },
    cursor: {
      drag: {x: !isTouched, y: false},
      ...(isTime ? {sync: {key: 'time', setSeries: false}} : {}),
    },
    hooks: {
      drawClear: [(plot) => drawBands(plot, chart)],
      draw: [(plot) => drawMarks(plot, chart)],
      ...(isTime ? {setScale: [shareZoom]} : {}),
    },
  }
}

function sizeOf(place) {
  const width = Math.max(200, Math.floor(place.clientWidth))
  return {width, height: width < 420 ? 190 : 230}
}

for (const figure of document.querySelectorAll('[data-chart]')) {
  const chart = charts[Number(figure.dataset.chart)]
  const place = figure.querySelector('.plot')
  const data = [chart.x, ...chart.series.map(({values}) => values)]
  place.setAttribute('role', 'img')
  place.setAttribute('aria-label', `${chart.title}: ${chart.about}`)
  const plot = new uPlot(optionsOf(chart, sizeOf(place)), data, place)
  plots.push({plot, chart, place})
}

function fit({plot, place}) {
  const size = sizeOf(place)
  if (size.width !== plot.width || size.height !== plot.height) plot.setSize(size)
}

const observer = new ResizeObserver((entries) => {
  for (const {target} of entries) fit(plots.find(({place}) => place === target))
})
for (const {place} of plots) observer.observe(place)

function redraw() {
  for (const {plot} of plots) plot.redraw(false, true)
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
// Paper is white and of its own width: charts are pictures that must be drawn for it.
addEventListener('beforeprint', () => {
  root.classList.add('printing')
  plots.forEach(fit)
  redraw()
})
addEventListener('afterprint', () => {
  root.classList.remove('printing')
  plots.forEach(fit)
  redraw()
})
root.dataset.drawn = String(plots.length)
