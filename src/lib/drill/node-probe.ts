/** Asks one node for its numbers, over one connection that is kept as long as it lasts. */
import type {MeshSecret} from '../auth/mesh-secret.js'
import {connectOperator} from '../operator/operator-client.js'
import type {OperatorConnection} from '../operator/operator-connection.js'
import type {ReadyLine} from '../process/child-line.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import {WsmeshError} from '../util/errors.js'

const ASK_MS = 1000

export class NodeProbe {
  readonly #url: string
  readonly #secret: MeshSecret
  #connection: Promise<OperatorConnection> | undefined

  constructor(ready: ReadyLine, secret: MeshSecret) {
    this.#url = operatorUrl(ready)
    this.#secret = secret
  }

  /** Undefined when it does not answer. */
  async stats(): Promise<NodeStats | undefined> {
    const connecting = this.#connection ??= connectOperator({
      url: this.#url, secret: this.#secret, timeoutMs: ASK_MS,
    })
    try {
      return await (await connecting).stats(ASK_MS)
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      await this.#giveUp(connecting)
      return undefined
    }
  }

  close(): void {
    void this.#connection?.then((connection) => connection.close(), () => {})
  }

  /** One that only did not answer in time is asked again. */
  async #giveUp(connecting: Promise<OperatorConnection>): Promise<void> {
    const isOver = await connecting.then(({isOver}) => isOver, () => true)
    if (isOver && this.#connection === connecting) this.#connection = undefined
  }
}

/** Past what stands before the door for other nodes. */
export function operatorUrl({httpUrl}: ReadyLine): string {
  return `${httpUrl.replace('http', 'ws')}/mesh`
}
