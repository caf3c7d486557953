const $ = (id) => document.getElementById(id)
const position = document.currentScript.dataset.position || undefined
const mesh = wsmesh.connect(undefined, {position})

function add(list, key, value, ...parts) {
  // The page may have it already: it asked for its place in the stream before it read the tables.
  if (list.querySelector(`[data-${key}="${CSS.escape(value)}"]`)) return
  const item = document.createElement('li')
  item.dataset[key] = value
  item.append(...parts)
  list.append(item)
  item.scrollIntoView({block: 'nearest'})
}

mesh.onState((state) => {
  const text = {
    connecting: 'connecting…',
    open: `connected to ${state.node}`,
    waiting: 'connecting again…',
    closed: `disconnected: ${state.reason}`,
  }
  $('state').textContent = text[state.type]
  $('state').dataset.state = state.type
})
// Away for longer than the nodes remember: the tables know.
mesh.onRecovered((recovered) => {
  if (!recovered) location.reload()
})
mesh.on('paid', (payment, euros) => {
  add($('paid'), 'payment', String(payment), `Payment ${payment} of ${euros} € is made`)
})
mesh.on('chat/said', (user, text, id) => {
  const name = document.createElement('b')
  name.textContent = user
  add($('chat'), 'id', id, name, ` ${text}`)
})

// What was on its way when a connection broke may have come or not: under the same key it is said
// again, and the application knows it.
async function say(text, key = crypto.randomUUID()) {
  try {
    await mesh.request('chat/say', text, key)
    $('trouble').textContent = ''
  } catch ({code, message}) {
    if (code === 'lost' || code === 'timeout') return say(text, key)
    $('trouble').textContent = message
  }
}

let line = Promise.resolve()
$('say').addEventListener('submit', (event) => {
  event.preventDefault()
  const input = event.target.querySelector('input')
  const text = input.value
  input.value = ''
  line = line.then(() => say(text))
})

for (const button of document.querySelectorAll('[data-pay]')) {
  button.addEventListener('click', async () => {
    const body = new URLSearchParams({end: button.dataset.pay})
    const response = await fetch('/pay.php', {method: 'POST', body})
    $('answer').textContent = response.ok ? await response.text() : `It failed: ${response.status}`
  })
}
