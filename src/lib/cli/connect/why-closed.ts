import {CLOSE, shouldReconnect} from '../../protocol/close-code.js'
import {CLOSE_ADVICE, WEBSOCKET_ADVICE} from '../errors/close-advice.js'

/** Whether a client should not come back: the node would close it again. */
export function isFinalClose(code: number): boolean {
  return code < 5000 && !shouldReconnect(code)
}

/** "4000 drain: the node is being stopped in order: connect again, to another." */
export function describeClose(code: number, reason: string): string {
  const own = Object.values(CLOSE).find((close) => close.code === code)
  const [name] = Object.entries(CLOSE).find(([, close]) => close === own) ?? []
  const advice = name !== undefined && isCloseName(name)
    ? CLOSE_ADVICE[name] : WEBSOCKET_ADVICE[code]
  const label = `${code}${reason === '' ? '' : ` ${reason}`}`
  return advice === undefined ? label : `${label}: ${inside(advice.what)}`
}

function isCloseName(name: string): name is keyof typeof CLOSE {
  return name in CLOSE
}

/** A sentence as a part of another. */
function inside(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
}
