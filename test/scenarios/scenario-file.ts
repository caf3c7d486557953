/**
 * A scenario as text: commands, each with what it said. As in etcd/raft's testdata, the file is
 * both the test and its expectation, and is written anew by `npx vitest run test/scenarios --update`.
 *
 *     # Why this is done.
 *     crash 1
 *     ----
 *     n1 is killed
 */
export interface Block {
  /** Lines that start with #, or are empty, before the command. */
  readonly comments: readonly string[]
  readonly command: string
}

const RULE = '----'

export function parseScenario(text: string): Block[] {
  const blocks: Block[] = []
  let comments: string[] = []
  let isOutput = false
  for (const line of text.split('\n')) {
    if (isOutput) {
      // Output ends at the first empty line.
      if (line === '') isOutput = false
    } else if (line === RULE) {
      isOutput = true
    } else if (line.startsWith('#')) {
      comments.push(line)
    } else if (line.trim() !== '') {
      blocks.push({comments, command: line.trim()})
      comments = []
    }
  }
  return blocks
}

export function printBlock(block: Block, output: string): string {
  const lines = [...block.comments, block.command, RULE]
  if (output !== '') lines.push(output)
  return `${lines.join('\n')}\n`
}
