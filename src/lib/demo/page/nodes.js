// The row of nodes, and the commands to try.
import {element} from './dom.js'

const ROLES = {
  master: 'master',
  follower: 'follower',
  joining: 'joining',
  seeking: 'looking for a master',
  isolated: 'cut off',
  drained: 'leaving',
  down: 'down',
}

export function showNodes(list, {view, isLost}) {
  list.replaceChildren(...view.nodes.map((node) => nodeCard(node, isLost)))
}

function nodeCard({name, id, role, pid, clients, clientUrl}, isLost) {
  const shown = isLost ? 'down' : role
  const label = ROLES[shown] ?? shown
  const facts =
    shown === 'down'
      ? [isLost ? 'not known' : 'a fresh one takes its place', '']
      : [`${id}  pid ${pid}`, `${clients} client${clients === 1 ? '' : 's'}`]
  return element(
    'li',
    {class: `node is-${shown}`, 'data-node': colourOf(name), title: clientUrl ?? ''},
    element('strong', {}, element('span', {class: 'dot'}), `Node ${name}`),
    element('span', {class: 'role'}, shown === 'master' ? `★ ${label}` : label),
    ...facts.map((fact) => element('span', {class: 'fact'}, fact)),
  )
}

export function meshState({view, isLost}) {
  if (isLost) return ''
  const master = view.nodes.find(({id}) => id !== null && id === view.master)
  if (view.master === null) return 'no master at the moment'
  return `${master === undefined ? view.master : `node ${master.name}`} is master of term ${view.term}`
}

/** Six colours, then from the start: a node keeps its colour when its process is replaced. */
export function colourOf(name) {
  return String(((Number(name) - 1) % 6) + 1)
}

/** Rebuilt only when the text changed: whoever marks a command with the mouse keeps the mark. */
export function showCommands(list, commands) {
  const key = JSON.stringify(commands)
  if (list.dataset.key === key) return
  list.dataset.key = key
  list.replaceChildren(
    ...commands.map(({command, why}) => {
      const button = element('button', {type: 'button', class: 'quiet'}, 'Copy')
      button.addEventListener('click', () => void copy(button, command))
      return element(
        'li',
        {},
        element('code', {tabindex: '0'}, command),
        element('span', {class: 'hint'}, why),
        button,
      )
    }),
  )
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Not allowed'
  }
  setTimeout(() => {
    button.textContent = 'Copy'
  }, 1500)
}
