/** Variables of the environment that look like settings and are none: mistyped, mostly. */
import {mostSimilar} from './similar.js'
import {VARIABLES} from './help-topics.js'

export interface StrayVariable {
  readonly name: string
  /** The one that was meant, when one is near enough. */
  readonly meant: string | undefined
}

/**
 * Set by wsmesh for its own processes, by its tests, or by Kubernetes in every container beside a
 * Service of the name wsmesh.
 */
const OTHERS = /^WSMESH_(?:SUPERVISION$|TEST_|SERVICE_(?:HOST|PORT)|PORT_\d+_)/

export function strayVariables(
  env: Readonly<Record<string, string | undefined>>,
): readonly StrayVariable[] {
  const known = VARIABLES.map(({env: name}) => name).filter((name) => name !== '')
  return Object.keys(env)
    .filter((name) => name.startsWith('WSMESH_') && !OTHERS.test(name) && !known.includes(name))
    .map((name) => ({name, meant: mostSimilar(name, known)}))
}
