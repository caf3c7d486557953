/**
 * The file of a mesh secret: one secret a line. The first is in use; others are accepted beside it
 * while the secret is being changed, with `next:` or `previous:` before them for who reads it. A
 * viewer's secret has `viewer:` before it and stands in a file of its own.
 */
import {WsmeshError} from '../util/errors.js'
import {viewerSecret} from './keys.js'
import {MeshSecret} from './mesh-secret.js'

/** More than a change ever needs: each is tried for each stranger. */
const SECRETS_MAX = 4

const VIEWER = 'viewer:'
const NEXT = 'next:'
const PREVIOUS = 'previous:'

/** Throws SECRET_INVALID. `source` is for people. */
export function parseSecret(text: string, source: string): MeshSecret {
  const lines = linesOf(text)
  if (lines.length > SECRETS_MAX) {
    throw new WsmeshError(
      'SECRET_INVALID',
      `${source} has ${lines.length} lines: at most ${SECRETS_MAX} secrets, one a line`,
      {suggestions: ['wsmesh secret rotate --finish   (leaves the first)']},
    )
  }
  const marked = lines.filter((line) => line.startsWith(VIEWER))
  if (marked.length > 0 && marked.length < lines.length) {
    throw new WsmeshError('SECRET_INVALID', `${source} has a viewer's secret among others`, {
      suggestions: ["A viewer's secret stands in a file of its own"],
    })
  }
  const rights = marked.length > 0 ? 'viewer' : 'operator'
  const [first = '', ...others] = lines.map((line) =>
    rights === 'viewer' ? line.slice(VIEWER.length) : unmarked(line),
  )
  return new MeshSecret(first, source, {others, rights})
}

/** The file of a viewer of this mesh, one line. */
export function viewerFileOf(secret: MeshSecret): string {
  return `${VIEWER}${viewerSecret(secret)}\n`
}

/** add: one more is accepted; use: that one is used; finish: the others are forgotten. */
export type RotationStep = 'add' | 'use' | 'finish'

/** The file after the step. Throws USAGE when another step is due. */
export function rotated(text: string, step: RotationStep, fresh: string): string {
  const [first = '', ...others] = linesOf(text)
  const next = others.find((line) => line.startsWith(NEXT))
  switch (step) {
    case 'add':
      if (next !== undefined) throw due('A new secret is there already, not in use yet', 'use')
      if (others.length > 0) throw due('Another secret is accepted beside the one in use', 'finish')
      return fileOf([first, `${NEXT}${fresh}`])
    case 'use':
      if (next === undefined) throw due('There is no new secret to use', 'add')
      return fileOf([unmarked(next), `${PREVIOUS}${unmarked(first)}`])
    case 'finish':
      if (next !== undefined) throw due('The new secret is not in use yet', 'use')
      if (others.length === 0) throw due('Only one secret is there', 'add')
      return fileOf([first])
    default:
      return step satisfies never
  }
}

const COMMANDS: Readonly<Record<RotationStep, string>> = {
  add: 'wsmesh secret rotate   (begins a change)',
  use: 'wsmesh secret rotate --use',
  finish: 'wsmesh secret rotate --finish',
}

function due(what: string, step: RotationStep): WsmeshError {
  return new WsmeshError('USAGE', what, {suggestions: [COMMANDS[step]]})
}

function unmarked(line: string): string {
  const mark = [NEXT, PREVIOUS].find((each) => line.startsWith(each))
  return mark === undefined ? line : line.slice(mark.length)
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '')
}

function fileOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
