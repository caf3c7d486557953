import {readFile} from 'node:fs/promises'

import {WsmeshError} from '../util/errors.js'

export interface DetailsInput {
  /** The arguments after the action. */
  readonly words: readonly string[]
  /** `--json-details`: each word is JSON. */
  readonly asJson: boolean
  /** `--details`: "-" or "@FILE". */
  readonly from: string | undefined
}

export interface InputStream extends AsyncIterable<unknown> {
  readonly isTTY?: boolean
}

/** What to send. Throws USAGE or DETAILS_INVALID, FILE_UNREADABLE for a file it cannot read. */
export async function readDetails(
  {words, asJson, from}: DetailsInput,
  stdin: InputStream,
): Promise<readonly unknown[]> {
  if (from === undefined) return asJson ? words.map(parseWord) : words
  if (words.length > 0) {
    throw new WsmeshError('USAGE', 'Details both as arguments and by --details: give one')
  }
  if (from === '-') return parseArray(await readAll(stdin, '--details -'), 'stdin')
  if (!from.startsWith('@')) {
    throw new WsmeshError('USAGE', `--details ${JSON.stringify(from)} is neither - nor @FILE`, {
      suggestions: ['--details @details.json', "echo '[1, 2]' | wsmesh send … --details -"],
    })
  }
  return parseArray(await readText(from.slice(1)), from.slice(1))
}

/** Nobody types JSON into a terminal on purpose: say what is expected instead of waiting. */
export function assertPiped(stdin: InputStream, what: string): void {
  if (stdin.isTTY !== true) return
  throw new WsmeshError('USAGE', `${what} reads from a pipe, and this is a terminal`, {
    suggestions: [`cat FILE | wsmesh send … ${what}`, `wsmesh send … ${what} < FILE`],
  })
}

async function readAll(stdin: InputStream, what: string): Promise<string> {
  assertPiped(stdin, what)
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) {
    chunks.push(chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk)))
  }
  return textOf(Buffer.concat(chunks), 'stdin')
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read ${path}`, {cause: error})
  }
  return textOf(bytes, path)
}

/** Nothing is sent with letters replaced. */
function textOf(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch (error) {
    throw new WsmeshError('DETAILS_INVALID', `The details from ${source} are not UTF-8`, {
      cause: error,
      suggestions: ['iconv -f latin1 -t utf-8 FILE   (if it is Latin-1)'],
    })
  }
}

function parseWord(word: string): unknown {
  try {
    return JSON.parse(word)
  } catch (error) {
    throw new WsmeshError('DETAILS_INVALID', `Not JSON: ${word}`, {
      cause: error,
      suggestions: [`'"${word}"'   (text in JSON has quotes)`, 'without --json-details it is text'],
    })
  }
}

function parseArray(text: string, source: string): readonly unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new WsmeshError('DETAILS_INVALID', `The details from ${source} are not JSON`, {
      cause: error,
    })
  }
  if (Array.isArray(value)) return value
  throw new WsmeshError('DETAILS_INVALID', `The details from ${source} are not a JSON array`, {
    suggestions: ['["Hi"]   (an array of the arguments)'],
  })
}
