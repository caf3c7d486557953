// The mesh as a picture: nodes, the links to the master, and where the tabs of this page are.
import {between, layout} from './layout.js'
import {colourOf, roleOf, wordFor} from './nodes.js'

const SVG = 'http://www.w3.org/2000/svg'
const CHIPS_MAX = 3
const CHIP_LETTERS_MAX = 6

export class Drawing {
  #box
  #svg = svg('svg', {role: 'img'})
  #shown = ''

  constructor(box) {
    this.#box = box
    box.append(this.#svg)
  }

  /** `usersAt` gives the users of this page's tabs at a node. */
  show(mesh, usersAt, isFlowing) {
    const width = Math.max(240, this.#box.clientWidth)
    const nodes = mesh.view.nodes.map((node) => ({
      name: node.name,
      role: roleOf(node, mesh.isLost),
      isMaster: node === mesh.master && !mesh.isLost,
      users: usersAt(node.name),
    }))
    // What did not change is not drawn again: the dashes would start anew.
    const isMoving = isFlowing && !mesh.isLost
    const wanted = JSON.stringify([width, nodes, isMoving])
    if (wanted === this.#shown) return
    this.#shown = wanted
    this.#draw(nodes, width, isMoving)
  }

  #draw(nodes, width, isFlowing) {
    const {height, radius, hasWords, places} = layout(nodes.length, width)
    const master = nodes.findIndex(({isMaster}) => isMaster)
    const links = nodes.flatMap((node, index) => {
      if (index === master || master === -1 || node.role !== 'follower') return []
      const line = between(places[master], places[index], radius)
      return [
        svg('line', {...line, class: 'link'}),
        ...(isFlowing ? [svg('line', {...line, class: 'flow'})] : []),
      ]
    })
    const figures = nodes.map((node, index) => figure(node, places[index], radius, hasWords))
    set(this.#svg, {viewBox: `0 0 ${width} ${height}`, width, height, 'aria-label': inWords(nodes)})
    this.#svg.replaceChildren(...links, ...figures)
  }
}

/** What a picture says to who does not see it. */
function inWords(nodes) {
  return nodes
    .map(({name, role, users}) => {
      const tabs = users.length === 0 ? '' : `, with tabs of user ${users.join(' and ')}`
      return `Node ${name}: ${wordFor(role)}${tabs}`
    })
    .join('. ')
}

function figure({name, role, isMaster, users}, {x, y}, radius, hasWords) {
  const parts = [
    svg('circle', {r: radius, class: 'body'}),
    svg('text', {class: 'name', dy: '0.35em'}, role === 'down' ? '✕' : name),
    ...(isMaster ? [svg('circle', {r: radius + 5, class: 'ring'}), star(radius)] : []),
    ...(hasWords
      ? [svg('text', {class: 'word', y: radius + 19}, shortWordFor(role)), ...chips(users, radius + 28)]
      : []),
  ]
  return svg(
    'g',
    {
      class: `figure is-${role}${isMaster ? ' is-leader' : ''}`,
      'data-node': colourOf(name),
      transform: `translate(${x} ${y})`,
    },
    ...parts,
  )
}

function shortWordFor(role) {
  return role === 'seeking' ? 'looking…' : wordFor(role)
}

function star(radius) {
  const points = Array.from({length: 10}, (_, index) => {
    const turn = (index / 10 - 0.25) * 2 * Math.PI
    const far = index % 2 === 0 ? 8 : 3.6
    return `${far * Math.cos(turn)},${far * Math.sin(turn)}`
  })
  const off = (radius + 5) * Math.SQRT1_2
  return svg('g', {transform: `translate(${off} ${-off})`},
    svg('circle', {r: 10, class: 'star-ground'}),
    svg('polygon', {points: points.join(' '), class: 'star'}),
  )
}

/** The users of the tabs that are connected here, side by side below a node. */
function chips(users, y) {
  const texts = users.slice(0, CHIPS_MAX).map((user) => {
    return user.length > CHIP_LETTERS_MAX ? `${user.slice(0, CHIP_LETTERS_MAX - 1)}…` : user
  })
  if (users.length > CHIPS_MAX) texts.push(`+${users.length - CHIPS_MAX}`)
  const widths = texts.map((text) => 14 + text.length * 7.3)
  let left = -(widths.reduce((sum, width) => sum + width + 4, -4) / 2)
  return texts.map((text, index) => {
    const width = widths[index]
    const chip = svg('g', {class: 'chip', transform: `translate(${left} ${y})`},
      svg('rect', {width, height: 19, rx: 9.5}),
      svg('text', {x: width / 2, y: 13.5}, text),
    )
    left += width + 4
    return chip
  })
}

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag)
  set(made, attributes)
  made.append(...children)
  return made
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
}
