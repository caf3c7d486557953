/** Line charts as SVG, both axes logarithmic: how a figure of each peer goes with the load. */

const WIDTH = 860
const HEIGHT = 420
const PLOT = {left: 78, right: 690, top: 56, bottom: 362}
const LABEL_GAP = 16

/** One colour a peer, the same in all charts; told apart by people who see no red or green, too. */
const COLOURS = {
  wsmesh: '#0b62c4', 'ws-mesh': '#6f4fb0', ws: '#6f4fb0', uws: '#008a70', nats: '#c77700',
  'socket.io': '#b3324d', 'socket.io-redis': '#b3324d', 'socket.io-cluster': '#7a7a7a',
}

/** On a dark page: the same chart, its colours by what stands for them in light. */
const DARK = {
  '#fff': '#0d1117', '#111': '#f0f3f6', '#444': '#b6bec8', '#e4e4e4': '#2b323b',
  '#0b62c4': '#58a6ff', '#6f4fb0': '#b794f6', '#008a70': '#3fc7a8', '#c77700': '#f0a941',
  '#b3324d': '#ff7b93', '#7a7a7a': '#a0a7af',
}
const darkStyle = `<style>@media (prefers-color-scheme: dark) {${Object.entries(DARK)
  .map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`)
  .join('')}}</style>`

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function text(x, y, words, {anchor = 'start', size = 12, fill = '#444', weight = 400} = {}) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ` +
    `font-size="${size}" fill="${fill}" font-weight="${weight}">${escape(words)}</text>`
}

/** 1, 10, 100, … that lie in [min, max], and 2 and 5 of each where there is room. */
function ticksOf(min, max) {
  const steps = Math.log10(max / min) > 2.5 ? [1] : [1, 2, 5]
  const ticks = []
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
    for (const step of steps) {
      const value = step * 10 ** power
      if (value >= min * 0.999 && value <= max * 1.001) ticks.push(value)
    }
  }
  return ticks
}

const isShown = ({x, y}) => x > 0 && y > 0

export function short(value) {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`
  return String(Number(value.toPrecision(3)))
}

function scale(values, from, to) {
  const min = Math.min(...values)
  const max = Math.max(...values, min * 1.01)
  const at = (value) => from + (Math.log(value / min) / Math.log(max / min)) * (to - from)
  return {at, ticks: ticksOf(min, max)}
}

/** Labels at the ends of lines, moved apart where they would cover each other. */
function apart(labels) {
  const sorted = labels.toSorted((a, b) => a.y - b.y)
  for (let at = 1; at < sorted.length; at += 1) {
    sorted[at].y = Math.max(sorted[at].y, sorted[at - 1].y + LABEL_GAP)
  }
  return sorted
}

const dotsOf = (points, colour, radius) => points.map(({x, y}) =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius}" fill="${colour}"/>`).join('')

function line(points, colour, {isDashed = false, isPoints = false, isPlain = false}) {
  if (isPoints) return dotsOf(points, colour, 4)
  const path = points.map(({x, y}) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')
  const dash = isDashed ? ' stroke-dasharray="5 4" stroke-opacity="0.7"' : ''
  const dots = isDashed || isPlain ? '' : dotsOf(points, colour, 3)
  return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>${dots}`
}

const colourOf = ({peer, colour}) => colour ?? COLOURS[peer] ?? '#444'

/**
 * `series`: [{peer, label, points: [{x, y}], isDashed, isPoints, isPlain, colour}]; a dashed one has
 * no label of its own; points are dots without a line, a plain one is a line without dots. Points
 * with a figure of 0 or none are left out. `yMin`, `yMax`: what lies outside is not drawn.
 */
export function chart({title, xTitle, yTitle, series, yMin = 0, yMax = Infinity}) {
  const isInside = (point) => isShown(point) && point.y >= yMin && point.y <= yMax
  const lines = series.map((one) => ({...one, points: one.points.filter(isInside)}))
    .filter(({points}) => points.length > 0)
  if (lines.length === 0) return undefined
  const all = lines.flatMap(({points}) => points)
  const xs = scale(all.map(({x}) => x), PLOT.left, PLOT.right)
  const ys = scale(all.map(({y}) => y), PLOT.bottom, PLOT.top)
  const grid = [
    ...xs.ticks.map((value) => `<path d="M${xs.at(value).toFixed(1)} ${PLOT.top}V${PLOT.bottom}" ` +
      'stroke="#e4e4e4"/>' +
      text(xs.at(value), PLOT.bottom + 18, short(value), {anchor: 'middle'})),
    ...ys.ticks.map((value) => `<path d="M${PLOT.left} ${ys.at(value).toFixed(1)}H${PLOT.right}" ` +
      'stroke="#e4e4e4"/>' +
      text(PLOT.left - 8, ys.at(value) + 4, short(value), {anchor: 'end'})),
  ]
  const drawn = lines.map((one) => line(
    one.points.map(({x, y}) => ({x: xs.at(x), y: ys.at(y)})), colourOf(one), one))
  const labels = apart(lines.filter(({isDashed}) => !isDashed).map((one) => ({
    label: one.label ?? one.peer, fill: colourOf(one),
    y: one.isPoints ? PLOT.top : ys.at(one.points.at(-1).y),
    x: one.isPoints ? PLOT.right : xs.at(one.points.at(-1).x),
  }))).map(({label, fill, x, y}) => text(Math.max(x, PLOT.left) + 10, y + 4, label, {
    fill, weight: 600,
  }))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
      'font-family="system-ui, sans-serif" role="img">',
    `<title>${escape(title)}</title>${darkStyle}<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(PLOT.left, 24, title, {size: 15, fill: '#111', weight: 600}),
    text(PLOT.left, 44, yTitle), text(PLOT.right, HEIGHT - 14, xTitle, {anchor: 'end'}),
    ...grid, ...drawn, ...labels, '</svg>', '',
  ].join('\n')
}
