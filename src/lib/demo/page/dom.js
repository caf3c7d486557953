// Elements without a framework. Text only ever goes in as text.

/** `element('p', {class: 'hint'}, 'Hello')`: attributes, `on…` listeners, then children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value)
    else made.setAttribute(name, value === true ? '' : value)
  }
  made.append(...children)
  return made
}

/** Time of day to the millisecond: tabs are compared by it. */
export function timeOfDay(date = new Date()) {
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

function twoDigits(number) {
  return String(number).padStart(2, '0')
}
