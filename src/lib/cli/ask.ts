import {createInterface} from 'node:readline/promises'

/** What somebody answers at the terminal; undefined for Ctrl-C and Ctrl-D: no answer is no. */
export async function ask(
  question: string,
  stdin: NodeJS.ReadStream = process.stdin,
  stderr: NodeJS.WriteStream = process.stderr,
): Promise<string | undefined> {
  const terminal = createInterface({input: stdin, output: stderr})
  try {
    return (await terminal.question(question)).trim()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    stderr.write('\n')
    return undefined
  } finally {
    terminal.close()
  }
}
