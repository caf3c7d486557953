import type {ChalkInstance} from 'chalk'

import type {MeshAccess} from '../operator/mesh-access.js'
import {tailMesh} from '../operator/tail-mesh.js'
import type {TailFilter} from '../protocol/operator-frame.js'
import {grepOf, tailJson, tailLine, tailNotice} from './tail-view.js'

export interface TailOptions {
  readonly filter: TailFilter
  readonly grep: string | undefined
  /** Ends after so many messages. */
  readonly count: number | undefined
  readonly asJson: boolean
  readonly out: ChalkInstance
  readonly err: ChalkInstance
  /** False: its reader takes nothing, so it was left out. */
  line(text: string): boolean
  notice(text: string): void
}

/** Prints messages on stdout and what happens to the mesh on stderr, until `count` or Ctrl-C. */
export async function runTail(access: MeshAccess, options: TailOptions): Promise<void> {
  const {filter, asJson, out, err, count = Infinity} = options
  const matches = grepOf(options.grep)
  const ended = new AbortController()
  let shown = 0
  await tailMesh(
    access,
    filter,
    {
      onMessage(message) {
        if (shown >= count || !matches(message)) return
        if (!options.line(asJson ? tailJson(message) : tailLine(message, out))) return
        shown += 1
        if (shown >= count) ended.abort()
      },
      onWaiting: () => options.notice(err.dim('waiting for a node…')),
      onNotice: (event) => options.notice(tailNotice(event, err)),
      onNode(node, lost) {
        if (lost !== undefined) options.notice(err.yellow(`- ${lost}`))
        options.notice(err.dim(`tailing from ${node}`))
      },
    },
    ended.signal,
  )
}
