/** What a line means that was typed at the prompt of `wsmesh connect`, or piped in. Pure. */

export type TypedLine =
  | {readonly type: 'nothing'}
  | {readonly type: 'action'; readonly action: string; readonly details: readonly unknown[]}
  /** Goes out as it is. */
  | {readonly type: 'text'; readonly text: string}
  | {readonly type: 'raw'; readonly isOn: boolean | undefined}
  | {readonly type: 'ping' | 'state' | 'reconnect' | 'help' | 'quit'}
  | {readonly type: 'wrong'; readonly why: string}

const HELP_HINT = '/help says what can be typed'

export function readTypedLine(line: string): TypedLine {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return {type: 'nothing'}
  if (text.startsWith('/')) return commandOf(text)
  if (text.startsWith('{') || text.startsWith('[')) return frameOf(text)
  const [action = ''] = text.split(/\s/, 1)
  const read = valuesOf(text.slice(action.length))
  return 'why' in read ? {type: 'wrong', why: read.why} : {type: 'action', action, ...read}
}

/** A whole frame. What is no JSON was mistyped; who means it has /raw. */
function frameOf(text: string): TypedLine {
  try {
    JSON.parse(text)
    return {type: 'text', text}
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return {type: 'wrong', why: `no JSON: ${why} (/raw TEXT sends anything)`}
  }
}

function commandOf(text: string): TypedLine {
  const [, name = '', rest = ''] = /^\/(\S*)\s*([^]*)$/.exec(text) ?? []
  switch (name) {
    case 'raw':
      if (rest === '' || rest === 'on' || rest === 'off') {
        return {type: 'raw', isOn: rest === '' ? undefined : rest === 'on'}
      }
      return {type: 'text', text: rest}
    case 'ping':
    case 'state':
    case 'reconnect':
    case 'help':
    case 'quit':
      return rest === '' ? {type: name} : {type: 'wrong', why: `/${name} takes nothing behind it`}
    case 'exit':
    case 'q':
      return {type: 'quit'}
    default:
      return {type: 'wrong', why: `there is no /${name}: ${HELP_HINT}`}
  }
}

type Values = {readonly details: readonly unknown[]} | {readonly why: string}

/** Values one behind the other: JSON, 'text in quotes', or bare words, which are text. */
function valuesOf(text: string): Values {
  const details: unknown[] = []
  let rest = text.trimStart()
  while (rest !== '') {
    const end = endOfValue(rest)
    if (end === undefined) return {why: `${rest.charAt(0)} is not closed: ${excerpt(rest)}`}
    const word = rest.slice(0, end)
    const value = valueOf(word)
    if (value === undefined) return {why: `no JSON: ${excerpt(word)}`}
    details.push(value.value)
    rest = rest.slice(end).trimStart()
  }
  return {details}
}

function valueOf(word: string): {readonly value: unknown} | undefined {
  if (word.startsWith("'")) return {value: word.slice(1, -1)}
  try {
    return {value: JSON.parse(word)}
  } catch {
    // Nobody writes quotes around a single word on purpose.
    return /^["{[]/.test(word) ? undefined : {value: word}
  }
}

/** Where the first value ends; undefined: its quote or bracket is not closed. */
function endOfValue(text: string): number | undefined {
  const first = text.charAt(0)
  if (first === "'") {
    const end = text.indexOf("'", 1)
    return end === -1 ? undefined : end + 1
  }
  if (first !== '"' && first !== '{' && first !== '[') return /^\S+/.exec(text)?.[0].length
  let depth = 0
  let isInText = false
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index)
    if (isInText && character === '\\') index += 1
    else if (character === '"') isInText = !isInText
    else if (!isInText && (character === '{' || character === '[')) depth += 1
    else if (!isInText && (character === '}' || character === ']')) depth -= 1
    if (depth === 0 && !isInText) return index + 1
  }
  return undefined
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** What /help prints. */
export const CONNECT_HELP: readonly string[] = [
  'hello "Hi" 42 {"a": 1}    the action hello with these details; a bare word is text',
  '{"action": "hello"}       a whole frame, as it is',
  '/raw TEXT                 anything, as it is, JSON or not',
  '/raw [on|off]             show frames as they come, those of the protocol too',
  '/ping                     to the node and back',
  '/state                    which node, who, where in the order',
  '/reconnect                drop the connection; what was missed follows',
  '/quit                     or Ctrl-D',
]
