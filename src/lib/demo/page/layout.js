// Where nodes stand in the drawing: always the same, so that eyes need not follow them.

/** Below this many there is room for words beside each. */
const WITH_WORDS_MAX = 8

/** In pixels, for a drawing so wide: height, radius of a node, and the middle of each. */
export function layout(count, width) {
  const radius = count <= 5 ? 25 : count <= 10 ? 20 : 14
  const hasWords = count <= WITH_WORDS_MAX
  const height = count <= 2 ? 150 : count <= 5 ? 270 : 330
  // Words stand below a node.
  const below = hasWords ? 56 : 8
  const middle = {x: width / 2, y: 18 + (height - below - 18) / 2}
  const across = Math.min(width / 2 - radius - 20, 250)
  const down = Math.max(0, middle.y - 18 - radius)
  const places = Array.from({length: count}, (_, index) => {
    if (count === 1) return middle
    // Two stand side by side; of more the first is at the top, the second at its left.
    const turn = count === 2 ? index / 2 + 0.5 : -index / count - 0.25
    return {
      x: middle.x + across * Math.cos(turn * 2 * Math.PI),
      y: middle.y + down * Math.sin(turn * 2 * Math.PI),
    }
  })
  return {height, radius, hasWords, places}
}

/** The line between two nodes, from edge to edge. */
export function between(from, to, radius, space = 5) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  const step = {x: (to.x - from.x) / length, y: (to.y - from.y) / length}
  const off = Math.min(radius + space, length / 2)
  return {
    x1: from.x + step.x * off,
    y1: from.y + step.y * off,
    x2: to.x - step.x * off,
    y2: to.y - step.y * off,
  }
}
