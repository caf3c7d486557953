import {Mesh} from './mesh.js'
import {meshState, showCommands, showNodes} from './nodes.js'
import {Tab} from './tab.js'

const byId = (id) => document.getElementById(id)

const mesh = new Mesh()
const tabs = new Set()
let count = 0

/** Two users, one of them twice: enough to see all that a mesh does. */
const FIRST_USERS = ['42', '42', '7']

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

mesh.addEventListener('change', () => {
  byId('lost').hidden = !mesh.isLost
  byId('mesh-state').textContent = meshState(mesh)
  showNodes(byId('nodes'), mesh)
  showCommands(byId('commands'), mesh.view.commands)
  for (const tab of tabs) tab.showNodes()
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
