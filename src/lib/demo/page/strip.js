// The last seconds of a tab's numbers: a tick for each, so that a wait is a gap that can be seen.
import {colourOf} from './nodes.js'

const SHOWN_MS = 12_000
const COLUMN = 3

/** `killedAtMs` is marked, if it is in sight. */
export function drawStrip(canvas, arrivals, nowMs, killedAtMs) {
  const {clientWidth: width, clientHeight: height} = canvas
  const pen = emptied(canvas, width, height)
  const style = getComputedStyle(canvas)
  const place = (atMs) => width - ((nowMs - atMs) / SHOWN_MS) * width
  for (const [x, {count, node}] of columns(arrivals, place)) {
    pen.fillStyle = style.getPropertyValue(`--hue-${colourOf(node)}`)
    // What was missed arrives in one moment: a tall tick.
    const tall = height * Math.min(1, 0.42 + 0.12 * (count - 1))
    pen.fillRect(x * COLUMN, (height - tall) / 2, COLUMN - 1, tall)
  }
  if (killedAtMs === undefined) return
  pen.fillStyle = style.getPropertyValue('--bad')
  pen.fillRect(place(killedAtMs), 0, 1.5, height)
}

/** A pen for sizes as CSS has them; a canvas gets new memory only when its size is another. */
function emptied(canvas, width, height) {
  const scale = globalThis.devicePixelRatio || 1
  const pen = canvas.getContext('2d')
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)]
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide
    canvas.height = high
  }
  pen.setTransform(scale, 0, 0, scale, 0, 0)
  pen.clearRect(0, 0, width, height)
  return pen
}

/** How many arrived in each column of pixels that is in sight, and at which node. */
function columns(arrivals, place) {
  const found = new Map()
  for (let at = arrivals.length - 1; at >= 0; at -= 1) {
    const {atMs, node} = arrivals[at]
    const x = Math.floor(place(atMs) / COLUMN)
    if (x < 0) break
    found.set(x, {count: (found.get(x)?.count ?? 0) + 1, node})
  }
  return found
}
