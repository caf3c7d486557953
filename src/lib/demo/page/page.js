import {Drawing} from './drawing.js'
import {killNode, killReport, Kills} from './kills.js'
import {Mesh} from './mesh.js'
import {meshState, NodeCards, showCommands} from './nodes.js'
import {Tab} from './tab.js'
import {missing, total, verdict} from './tally.js'

const byId = (id) => document.getElementById(id)

const mesh = new Mesh()
const kills = new Kills()
const tabs = new Set()
const drawing = new Drawing(byId('drawing'))
const cards = new NodeCards(byId('nodes'), (name) => void kill(mesh.node(name)))
let count = 0
/** Why the last wish to kill was not granted. */
let refusal = ''

/** Two users, one of them twice: enough to see all that a mesh does. */
const FIRST_USERS = ['42', '42', '7']
/** Often enough for a gap to be seen as it comes; seldom for who wants no motion. */
const DRAW_MS = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1000 : 200

function addTab(user, node) {
  count += 1
  const tab = new Tab(mesh, {number: count, user, node}, () => tabs.delete(tab))
  tabs.add(tab)
  byId('tabs').append(tab.element)
  return tab
}

function nodeFor(index) {
  const {nodes} = mesh.view
  return nodes[index % nodes.length]?.name ?? '1'
}

async function kill(node) {
  if (!node || node.id === null) return
  kills.pressed(node.id, performance.now())
  refusal = ''
  try {
    await killNode(node.id)
  } catch (error) {
    refusal = `Not killed: ${error.message}.`
  }
}

/** Told to who listens only when it is something else. */
function say(text) {
  if (byId('kill-report').textContent !== text) byId('kill-report').textContent = text
}

function showKillButton() {
  const {master, view: {isWhole, nodes}, isLost} = mesh
  const canKill = master !== undefined && isWhole && !isLost && nodes.length > 1
  byId('kill').setAttribute('aria-disabled', String(!canKill))
  byId('kill-hint').textContent = canKill
    ? `Ends the process of node ${master.name} with no warning, as “kill -9 ${master.pid}” does.`
    : whyNotNow(nodes, isLost)
}

function whyNotNow(nodes, isLost) {
  if (isLost) return ''
  if (nodes.length < 2) return 'With one node nobody would be left to go on: wsmesh demo --nodes 3'
  if (mesh.view.isWhole) return `The master is no node of this demo: ${mesh.view.master}`
  return 'Wait until every node is back: then the next master may die.'
}

function showTotals() {
  const tallies = [...tabs].map(({numbers}) => numbers.tally)
  const all = total(tallies)
  const {isGood, words} = verdict(all)
  const state = all.arrived === 0 ? 'none' : isGood ? 'good' : 'bad'
  byId('verdict').dataset.state = state
  const text = {none: 'No number yet', good: 'No number is missing', bad: words}[state]
  if (byId('verdict-words').textContent !== text) byId('verdict-words').textContent = text
  byId('last-number').textContent = all.last.toLocaleString('en')
  byId('arrived').textContent = all.arrived.toLocaleString('en')
  byId('missing').textContent = missing(all).toLocaleString('en')
  byId('kills').textContent = String(kills.count)
}

function showKill() {
  const {last} = kills
  if (refusal !== '' || last === undefined) {
    say(refusal)
    return
  }
  const waits = [...tabs]
    .filter(({numbers}) => numbers.arrivals.some(({atMs}) => atMs < last.atMs))
    .map((tab) => ({isMoved: last.tabs.has(tab), waitMs: kills.waitOf(tab.numbers.arrivals)}))
  const isSettled = waits.every(({waitMs}) => waitMs !== undefined)
  // Nobody can listen to figures that still change.
  if (isSettled && last.overAtMs === undefined && last.wasMaster && !mesh.master) return
  say(killReport(last, mesh.master?.name, waits))
}

function usersAt(name) {
  return [...tabs].filter(({place}) => place === name).map(({user}) => user)
}

function draw() {
  if (document.hidden) return
  const nowMs = performance.now()
  for (const tab of tabs) {
    tab.showNumbers(nowMs, kills.last?.atMs, kills.waitOf(tab.numbers.arrivals))
  }
  drawing.show(mesh, usersAt, !mesh.isQuiet)
  showTotals()
  showKill()
}

function lookForDeaths(nowMs) {
  if (mesh.isFresh) {
    kills.begin(mesh.view, nowMs, mesh.wasLost)
  } else if (kills.look(mesh.view, nowMs)) {
    refusal = ''
    kills.last.tabs = new Set([...tabs].filter(({nodeId}) => nodeId === kills.last.id))
  }
}

mesh.addEventListener('change', () => {
  byId('lost').hidden = !mesh.isLost
  byId('mesh-state').textContent = meshState(mesh)
  if (!mesh.isLost) lookForDeaths(performance.now())
  cards.show(mesh)
  showKillButton()
  showCommands(byId('commands'), mesh.view.commands)
  for (const tab of tabs) tab.showNodes()
  draw()
})

byId('kill').addEventListener('click', ({currentTarget}) => {
  if (currentTarget.getAttribute('aria-disabled') !== 'true') void kill(mesh.master)
})

byId('pause').addEventListener('click', ({currentTarget}) => {
  mesh.setQuiet(!mesh.isQuiet)
  currentTarget.textContent = mesh.isQuiet ? 'Send numbers again' : 'Pause the numbers'
})

byId('add-tab').addEventListener('click', () => {
  const tab = addTab(count % 2 === 0 ? '42' : '7', nodeFor(count))
  tab.connect()
  tab.element.scrollIntoView({block: 'nearest'})
})

byId('show-frames').addEventListener('change', ({target}) => {
  // Lines grow and shrink: whoever saw the newest one still sees it.
  const atEnd = [...tabs].filter(({isAtEnd}) => isAtEnd)
  document.body.classList.toggle('with-frames', target.checked)
  for (const tab of atEnd) tab.showEnd()
})

await mesh.start()
for (const [index, user] of FIRST_USERS.entries()) addTab(user, nodeFor(index)).connect()
setInterval(draw, DRAW_MS)
