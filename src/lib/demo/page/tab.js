// One card: a user's tab at a node.
import {Connection} from './connection.js'
import {element, timeOfDay} from './dom.js'
import {colourOf} from './nodes.js'
import {Numbers} from './numbers.js'
import {drawStrip} from './strip.js'
import {verdict} from './tally.js'

const LINES_MAX = 200

const STATES = {
  off: 'not connected',
  connecting: 'connecting…',
  on: 'connected',
  waiting: 'trying again…',
}

export class Tab {
  numbers = new Numbers()
  #mesh
  #connection
  #user
  #node
  #button
  #state
  #last
  #verdict
  #wait
  #strip
  #log
  #text
  #to
  #action
  #send

  /** `onClose` when the card was removed. */
  constructor(mesh, {number, user, node}, onClose) {
    this.#mesh = mesh
    this.#connection = new Connection(mesh)
    this.#build(number, user, onClose)
    this.showNodes(node)
    this.#connection.addEventListener('change', () => this.#show())
    this.#connection.addEventListener('note', ({detail}) => this.#note(detail))
    this.#connection.addEventListener('message', ({detail}) => this.#arrived(detail))
    this.#connection.addEventListener('failure', ({detail}) => this.#failed(detail))
    this.#connection.addEventListener('number', ({detail}) => this.#counted(detail))
    this.#show()
  }

  connect() {
    const user = this.#user.value.trim()
    if (user === '') {
      this.#user.focus()
      return
    }
    this.numbers.reset()
    this.#connection.connect(user, this.#node.value)
  }

  get user() {
    return this.#user.value.trim()
  }

  /** The id of the node that it is or was connected to. */
  get nodeId() {
    return this.#connection.nodeId
  }

  /** The name of the node that it is connected to now. */
  get place() {
    return this.#connection.state === 'on' ? this.#mesh.nameOf(this.nodeId) : undefined
  }

  /** Its numbers at this moment; `wait` is how long the last dead node made it wait. */
  showNumbers(nowMs, killedAtMs, wait) {
    const {tally, arrivals} = this.numbers
    const {isGood, words} = verdict(tally)
    this.#last.textContent = tally.arrived === 0 ? '–' : tally.last.toLocaleString('en')
    this.#verdict.textContent = tally.arrived === 0 ? 'no number yet' : words
    this.#verdict.className = tally.arrived === 0 ? 'verdict' : `verdict is-${isGood ? 'good' : 'bad'}`
    this.#wait.textContent = wait === undefined ? '' : `waited ${Math.round(wait)} ms`
    drawStrip(this.#strip, arrivals, nowMs, killedAtMs)
  }

  /** The choice of nodes; the one chosen stays chosen. */
  showNodes(chosen = this.#node.value) {
    const names = this.#mesh.view.nodes.map(({name}) => name)
    const known = [...this.#node.options].map(({value}) => value)
    if (names.join() !== known.join()) {
      this.#node.replaceChildren(
        ...names.map((name) => element('option', {value: name}, `node ${name}`)),
      )
    }
    this.#node.value = chosen
    this.#show()
  }

  /** Whether the newest line is in sight. */
  get isAtEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 40
  }

  showEnd() {
    this.#log.scrollTop = this.#log.scrollHeight
  }

  #build(number, user, onClose) {
    const id = (part) => `tab-${number}-${part}`
    this.#user = element('input', {
      id: id('user'), value: user, size: '6', maxlength: '60', autocomplete: 'off', required: true,
    })
    this.#node = element('select', {id: id('node')})
    this.#button = element('button', {type: 'submit', class: 'quiet'}, 'Connect')
    this.#state = element('span', {class: 'state', role: 'status'})
    this.#last = element('span', {class: 'last'}, '–')
    this.#verdict = element('span', {class: 'verdict'})
    this.#wait = element('span', {class: 'wait'})
    this.#strip = element('canvas', {class: 'strip', 'aria-hidden': 'true'})
    this.#log = element('ol', {class: 'log', 'aria-label': 'What arrived', tabindex: '0'})
    this.#text = element('input', {
      id: id('text'), class: 'text', placeholder: 'Hello!', maxlength: '2000',
      autocomplete: 'off', 'aria-label': 'Message',
    })
    this.#to = element(
      'select',
      {id: id('to')},
      element('option', {value: 'everyone'}, 'everyone'),
      element('option', {value: 'me'}, 'my own tabs'),
      element('option', {value: 'user'}, 'one user…'),
    )
    this.#action = element('input', {
      id: id('action'), value: 'hello', size: '8', maxlength: '60', autocomplete: 'off',
      spellcheck: 'false',
    })
    this.#send = element('button', {type: 'submit', class: 'main'}, 'Send hello')
    this.element = element(
      'article',
      {class: 'tab', 'aria-label': `Tab ${number}`},
      this.#head(id, onClose),
      element(
        'div',
        {class: 'numbers'},
        element('span', {class: 'label'}, 'number'),
        this.#last, this.#verdict, this.#wait, this.#strip,
      ),
      this.#log,
      this.#composer(id),
    )
  }

  #head(id, onClose) {
    const close = () => {
      this.#connection.disconnect()
      this.element.remove()
      onClose()
    }
    const toggle = (event) => {
      event.preventDefault()
      if (this.#connection.state === 'off') this.connect()
      else this.#connection.disconnect()
    }
    return element(
      'form',
      {class: 'who', onsubmit: toggle},
      element('label', {for: id('user')}, 'User'),
      this.#user,
      element('label', {for: id('node')}, 'at'),
      this.#node,
      element(
        'button',
        {type: 'button', class: 'close', title: 'Close this tab', 'aria-label': 'Close this tab',
          onclick: close},
        '×',
      ),
      this.#state,
      this.#button,
    )
  }

  #composer(id) {
    const whom = element('input', {
      id: id('whom'), size: '5', maxlength: '60', placeholder: 'id', 'aria-label': 'Which user',
      autocomplete: 'off', hidden: true,
    })
    this.#to.addEventListener('change', () => {
      whom.hidden = this.#to.value !== 'user'
      whom.required = !whom.hidden
      if (!whom.hidden) whom.focus()
    })
    this.#action.addEventListener('input', () => this.#show())
    const submit = (event) => {
      event.preventDefault()
      this.#say(whom.value.trim())
    }
    return element(
      'form',
      {class: 'composer', onsubmit: submit},
      this.#text,
      this.#send,
      element(
        'div',
        {class: 'options'},
        element('label', {for: id('to')}, 'to'),
        this.#to,
        whom,
        element('label', {for: id('action')}, 'action'),
        this.#action,
      ),
    )
  }

  #say(whom) {
    const text = this.#text.value.trim() === '' ? this.#text.placeholder : this.#text.value
    const action = this.#action.value.trim() || 'hello'
    const to = this.#to.value
    // To oneself it is the frame of the article's hello service, with nothing added.
    const details = to === 'me' ? [text] : [text, {to: to === 'user' ? {user: whom} : {everyone: true}}]
    const frame = this.#connection.send(action, details)
    if (frame === undefined) {
      this.#note('Not sent: not connected')
      return
    }
    const target = to === 'user' ? `user ${whom}` : to === 'me' ? 'my own tabs' : 'everyone'
    this.#line('sent', `sent to ${target}: ${text}`, [], frame)
    this.#text.value = ''
    this.#text.focus()
  }

  #arrived({action, details, id, position}) {
    const [said, extra] = details
    const isHello = action === 'hello' && typeof said === 'string'
    const from = isHello && extra?.from !== undefined ? `user ${extra.from}: ` : ''
    const words = isHello ? said : `${action} ${JSON.stringify(details)}`
    const frame = JSON.stringify({action, details, id, position})
    this.#line('arrived', words, [...this.#way(id), position ?? ''], frame, from)
  }

  #failed({action, code, text}) {
    this.#line('error', `${action} ${code} ${text}`, [], JSON.stringify({action, details: [code, text]}))
  }

  #counted({number, run}) {
    const node = this.#mesh.nameOf(this.nodeId) ?? '1'
    if (this.numbers.add(number, run, node, performance.now())) {
      this.#note('The demo counts anew')
    }
  }

  /** Where it entered the mesh and where it came out; an answer of the node itself has no id. */
  #way(id) {
    const here = nodeBadge(this.#mesh.nameOf(this.nodeId))
    if (typeof id !== 'string') return [here]
    return [nodeBadge(this.#mesh.nameOf(id.slice(0, id.lastIndexOf('-')))), '→', here]
  }

  #note(text) {
    this.#line('note', text, [])
  }

  #line(kind, text, way, frame, from = '') {
    const {isAtEnd} = this
    this.#log.append(
      element(
        'li',
        {class: kind},
        element('time', {}, timeOfDay()),
        element('span', {class: 'words'}, element('span', {class: 'from'}, from), text),
        ...(way.length === 0 ? [] : [element('span', {class: 'way'}, ...spaced(way))]),
        ...(frame === undefined ? [] : [element('code', {class: 'frame'}, frame)]),
      ),
    )
    while (this.#log.children.length > LINES_MAX) this.#log.firstElementChild.remove()
    if (isAtEnd) this.showEnd()
  }

  #show() {
    const {state} = this.#connection
    const node = this.#mesh.nameOf(this.nodeId)
    this.element.dataset.state = state
    this.#state.textContent = STATES[state]
    this.#button.textContent = state === 'off' ? 'Connect' : 'Disconnect'
    this.#user.disabled = state !== 'off'
    this.#node.disabled = state !== 'off'
    if (node !== undefined && state !== 'off') this.#node.value = node
    this.element.dataset.node = colourOf(this.#node.value)
    this.#send.disabled = state !== 'on'
    this.#send.textContent = `Send ${this.#action.value.trim() || 'hello'}`
  }
}

function nodeBadge(name) {
  if (name === undefined) return 'another node'
  return element('span', {class: 'badge', 'data-node': colourOf(name)}, `node ${name}`)
}

function spaced(parts) {
  return parts.flatMap((part) => [part, ' '])
}
