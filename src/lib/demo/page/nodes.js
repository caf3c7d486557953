// The row of nodes, and the commands to try.
import {element} from './dom.js'

const ROLES = {
  master: 'master',
  follower: 'follower',
  joining: 'joining',
  seeking: 'looking for a master',
  isolated: 'cut off',
  drained: 'leaving',
  silent: 'no answer',
  unknown: 'not known',
  down: 'dead',
}

/** A process that does not answer may be stopped or busy: dead is who has ended. */
export function roleOf({id, role}, isLost) {
  if (isLost) return 'unknown'
  if (id === null) return 'down'
  return role === 'down' ? 'silent' : role
}

export function wordFor(role) {
  return ROLES[role] ?? role
}

/** One card for each node; a card stays the same element, so that a button keeps the focus. */
export class NodeCards {
  #list
  #cards = new Map()
  #kill

  /** `kill` with the name of the node whose button was pressed. */
  constructor(list, kill) {
    this.#list = list
    this.#kill = kill
  }

  show({view, isLost}) {
    for (const node of view.nodes) {
      const card = this.#cards.get(node.name) ?? this.#add(node.name)
      const role = roleOf(node, isLost)
      const word = wordFor(role)
      card.element.className = `node is-${role}`
      card.element.title = node.clientUrl ?? ''
      card.role.textContent = role === 'master' ? `★ ${word}` : word
      showFacts(card.facts, factsOf(node, role))
      card.kill.setAttribute('aria-disabled', String(!view.isWhole || isLost))
    }
  }

  #add(name) {
    const role = element('span', {class: 'role'})
    const facts = element('span', {class: 'fact'})
    const kill = element(
      'button',
      {type: 'button', class: 'quiet kill', 'aria-label': `Kill node ${name}`},
      'Kill',
    )
    kill.addEventListener('click', () => {
      if (kill.getAttribute('aria-disabled') !== 'true') this.#kill(name)
    })
    const card = {
      role, facts, kill,
      element: element(
        'li',
        {'data-node': colourOf(name)},
        element('strong', {}, element('span', {class: 'dot'}), `Node ${name}`),
        role, facts, kill,
      ),
    }
    this.#cards.set(name, card)
    this.#list.append(card.element)
    return card
  }
}

function factsOf({id, pid, clients}, role) {
  if (role === 'unknown') return []
  if (role === 'down') return ['a fresh one takes its place']
  return [id, `pid ${pid}`, ...(clients === null ? [] : [counted(clients)])]
}

function counted(clients) {
  return `${clients} client${clients === 1 ? '' : 's'}`
}

/** Only when they changed: whoever marks an id with the mouse keeps the mark. */
function showFacts(box, facts) {
  const key = facts.join('\n')
  if (box.dataset.key === key) return
  box.dataset.key = key
  box.replaceChildren(...facts.flatMap((fact) => [element('span', {}, fact), ' ']))
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
