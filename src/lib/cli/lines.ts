/** One line of an input, or what is wrong with it. */
export interface InputLine {
  readonly number: number
  /** Undefined: longer than allowed, it was skipped. */
  readonly text: string | undefined
}

/** Lines of a byte stream, counted from 1; empty ones are left out. Holds one line at most. */
export async function* linesOf(
  input: AsyncIterable<unknown>,
  bytesMax: number,
): AsyncGenerator<InputLine> {
  const decoder = new TextDecoder()
  let rest = ''
  let isTooLong = false
  let number = 0
  for await (const chunk of input) {
    const text = chunk instanceof Uint8Array ? decoder.decode(chunk, {stream: true}) : String(chunk)
    const parts = text.split('\n')
    for (const [index, part] of parts.entries()) {
      if (!isTooLong) rest += part
      if (rest.length > bytesMax) {
        isTooLong = true
        rest = ''
      }
      if (index === parts.length - 1) break
      number += 1
      if (isTooLong || rest.trim() !== '') yield {number, text: isTooLong ? undefined : rest}
      rest = ''
      isTooLong = false
    }
  }
  if (isTooLong || rest.trim() !== '') {
    yield {number: number + 1, text: isTooLong ? undefined : rest}
  }
}
