import {allCodes, type CodeJson, type CodeKind} from '../../src/lib/cli/errors/lookup.js'

/** docs/ERRORS.md is made of the table that `wsmesh errors lookup` reads, by `vitest -u`. */
const PARTS: readonly (readonly [kind: CodeKind, title: string, text: string])[] = [
  ['error', 'Errors of commands', 'Commands print them in brackets behind the message, and as `error.code` with '
    + '`--json`; the library throws them as `WsmeshError`.'],
  ['close', 'Close codes', 'Why a WebSocket was closed; of nodes 4000 and above. What a client does about each is in '
    + '[PROTOCOL.md](PROTOCOL.md#life-and-death).'],
  ['answer', 'Statuses of answers', 'Of HTTP requests ([API.md](API.md#errors)), of the upgrade request of a '
    + 'WebSocket, and the code in `<action>:error`.'],
  ['client', 'Errors of wsmesh/client', 'The `code` of a `MeshError` of the [client library](CLIENT.md).'],
  ['exit', 'Exit statuses', 'Of all commands; `--json` changes none. `wsmesh help exit-codes` prints them.'],
]

export function errorsPage(): string {
  const codes = allCodes()
  const parts = PARTS.map(([kind, title, text]) =>
    `## ${title}\n\n${text}\n\n${body(kind, codes.filter((code) => code.kind === kind))}`,
  )
  return [
    '# Codes, and what to do\n\n`wsmesh errors lookup CODE` prints what is here of one code.\n',
    ...parts,
  ].join('\n')
}

function body(kind: CodeKind, codes: readonly CodeJson[]): string {
  if (kind !== 'exit') return codes.map(section).join('\n')
  return ['| status | |', '|---|---|', ...codes.map(({code, what}) => `| ${code} | ${what} |`), ''].join('\n')
}

function section({code, name, exit, reconnect, what, why, todo}: CodeJson): string {
  const notes = [
    ...(exit === null ? [] : [`exit status ${exit}`]),
    ...(reconnect === null ? [] : [reconnect ? 'connect again' : 'do not connect again']),
  ]
  const title = name === null ? `\`${code}\`` : `${code} \`${name}\``
  return [
    `### ${title}`,
    '',
    `**${what}**${notes.length === 0 ? '' : ` (${notes.join(', ')})`} ${why}`,
    '',
    ...todo.map(step),
    '',
  ].join('\n')
}

/** What is to be typed, and behind three blanks what it is for. */
function step(text: string): string {
  const [first = '', ...notes] = text.split(/ {3}/)
  const isTyped = /^(?:wsmesh|npm|ss|ip|ls|df|chmod|curl|openssl|node|GRANT|SHOW|WSMESH_|--|export|\{|mesh\.|connect\()/.test(first)
  return `- ${isTyped ? `\`${first}\`` : first}${notes.length === 0 ? '' : ` ${notes.join(' ')}`}`
}
