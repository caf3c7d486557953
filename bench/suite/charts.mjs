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

function line(points, colour, isDashed) {
  const path = points.map(({x, y}) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')
  const dash = isDashed ? ' stroke-dasharray="5 4" stroke-opacity="0.7"' : ''
  const dots = isDashed ? '' : points.map(({x, y}) =>
    `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${colour}"/>`).join('')
  return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>${dots}`
}

/**
 * `series`: [{peer, label, points: [{x, y}], isDashed}]; a dashed one has no label of its own.
 * Points with a figure of 0 or none are left out.
 */
export function chart({title, xTitle, yTitle, series}) {
  const lines = series.map((one) => ({...one, points: one.points.filter(isShown)}))
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
  const drawn = lines.map(({peer, points, isDashed}) => line(
    points.map(({x, y}) => ({x: xs.at(x), y: ys.at(y)})), COLOURS[peer] ?? '#333', isDashed))
  const labels = apart(lines.filter(({isDashed}) => !isDashed).map(({peer, label, points}) => ({
    peer, label: label ?? peer, y: ys.at(points.at(-1).y), x: xs.at(points.at(-1).x),
  }))).map(({peer, label, x, y}) => text(Math.max(x, PLOT.left) + 10, y + 4, label, {
    fill: COLOURS[peer], weight: 600,
  }))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
      'font-family="system-ui, sans-serif" role="img">',
    `<title>${escape(title)}</title><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(PLOT.left, 24, title, {size: 15, fill: '#111', weight: 600}),
    text(PLOT.left, 44, yTitle), text(PLOT.right, HEIGHT - 14, xTitle, {anchor: 'end'}),
    ...grid, ...drawn, ...labels, '</svg>', '',
  ].join('\n')
}
