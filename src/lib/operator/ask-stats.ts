/** The numbers of all nodes of the pool: once, or again and again over the same connections. */
import type {OperatorConnection} from './operator-connection.js'
import type {PollAccess} from './poll-pool.js'
import {surveyPool, type Survey, type SurveyedNode} from './pool-survey.js'

export interface StatsSurvey extends Survey {
  /** Those of `nodes` that did not answer; `why` says it. */
  readonly silent: readonly SurveyedNode[]
}

/**
 * Asks every node of the pool for its numbers (NodeStats, with `meter` from nodes that have it) and
 * how far it is, all at once, each for at most 2 s. Viewers may. See pollPool for what rejects.
 */
export async function askStats(access: PollAccess): Promise<StatsSurvey> {
  return withSilent(await surveyPool(access))
}

function withSilent(survey: Survey): StatsSurvey {
  return {...survey, silent: survey.nodes.filter(({stats}) => stats === undefined)}
}

/** Of one call of `ask`, however old the access is. */
const ASK_MS = 5000

/**
 * Asks as often as wanted: the nodes of the pool as it is then, each over a connection that is made
 * once. For what is shown live: a proof for each node and second would cost more than the answers.
 */
export class StatsWatch {
  readonly #access: PollAccess
  readonly #open = new Map<string, OperatorConnection>()

  /** The access is the caller's to close, after this. */
  constructor(access: PollAccess) {
    this.#access = access
  }

  /** As askStats; one call after the other. */
  async ask(timeoutMs = ASK_MS): Promise<StatsSurvey> {
    const {nodeUrl, poolLabel, book} = this.#access
    const deadlineMs = performance.now() + timeoutMs
    const survey = await surveyPool({
      nodeUrl, poolLabel, book, timeoutMs,
      secret: () => this.#access.secret(),
      readPool: () => this.#access.readPool(),
      connect: (url, options) => this.#connect(url, options),
      leftMs: () => Math.max(1, deadlineMs - performance.now()),
    }, {keeps: true})
    const urls = new Set(survey.nodes.filter(({stats}) => stats).map(({url}) => url))
    for (const [url, connection] of this.#open) {
      // Whoever did not answer is dialled anew, and who left the pool is forgotten.
      if (!urls.has(url)) this.#drop(url, connection)
    }
    return withSilent(survey)
  }

  close(): void {
    for (const [url, connection] of this.#open) this.#drop(url, connection)
  }

  async #connect(
    url: string, options: Parameters<PollAccess['connect']>[1],
  ): Promise<OperatorConnection> {
    const known = this.#open.get(url)
    if (known?.isOver === false) return known
    const connection = await this.#access.connect(url, options)
    this.#open.set(url, connection)
    return connection
  }

  #drop(url: string, connection: OperatorConnection): void {
    this.#open.delete(url)
    connection.close()
  }
}
