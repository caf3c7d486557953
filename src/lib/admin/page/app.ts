/** The model, the connection, and what the parts of the page may do with both. */
import type {AnswerOf, Ask, History, ServerMessage} from '../wire.js'
import {Connection} from './connection.js'
import {FIRST, heard, type Model} from './model.js'

export class App {
  #model = FIRST
  readonly #onChange: (model: Model) => void
  readonly #connection: Connection
  #chartsAskedMs = 0

  constructor(onChange: (model: Model) => void) {
    this.#onChange = onChange
    this.#connection = new Connection({
      onMessage: (message) => this.#heard(message),
      onLine: (line) => this.#set({...this.#model, line}),
    })
  }

  get model(): Model {
    return this.#model
  }

  /** Whether there is a button for it. */
  may(ask: Ask['ask']): boolean {
    return this.#model.hello?.may.includes(ask) === true
  }

  open(): void {
    void this.#connection.open()
  }

  /** The page itself again, as nothing came: what is old is shown as old. */
  refresh(): void {
    this.#set(this.#model)
  }

  ask<K extends Ask['ask']>(ask: Extract<Ask, {readonly ask: K}>): Promise<AnswerOf[K]> {
    return this.#connection.ask(ask)
  }

  select(selected: string | null): void {
    this.#set({...this.#model, selected, charts: undefined})
    this.#askCharts()
  }

  show(span: Model['span']): void {
    this.#set({...this.#model, span, charts: undefined})
    this.#askCharts()
  }

  /** What it is refused for stands where the messages would. */
  async follow(user: string): Promise<void> {
    this.#set({...this.#model, trace: {user, rows: [], ended: undefined}})
    await this.ask({ask: 'trace', user}).catch((error: Error) => {
      const why = error.message
      this.#set(heard(this.#model, {type: 'trace-ended', user, why}, performance.now()))
    })
  }

  async unfollow(): Promise<void> {
    this.#set({...this.#model, trace: undefined})
    // Where that cannot be said the line is gone, and nothing is followed on it.
    await this.ask({ask: 'trace', user: null}).catch(() => undefined)
  }

  /** `wsmesh node stop n-1 --data-dir …`, as it is typed where the admin runs. */
  command(words: string): string {
    const {command = 'wsmesh', commandFlags = ''} = this.#model.hello ?? {}
    return [command, words, commandFlags].filter((part) => part !== '').join(' ')
  }

  #heard(message: ServerMessage): void {
    this.#set(heard(this.#model, message, performance.now()))
    if (message.type !== 'snapshot') return
    const isOld = this.#model.span === '6h' && performance.now() - this.#chartsAskedMs > 10_000
    if (this.#model.charts === undefined || isOld) this.#askCharts()
  }

  #askCharts(): void {
    const {selected: node, span} = this.#model
    this.#chartsAskedMs = performance.now()
    const draw = (charts: History): void => {
      const {model} = this
      if (model.selected === node && model.span === span) this.#set({...model, charts})
    }
    // Without an answer the next snapshot asks again.
    this.ask({ask: 'history', node, span}).then(draw, () => undefined)
  }

  #set(model: Model): void {
    this.#model = model
    this.#onChange(model)
  }
}

/** What a failed question says, in one line. */
export function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const hint = 'hint' in error && typeof error.hint === 'string' ? ` Try: ${error.hint}` : ''
  return `${error.message}.${hint}`.replace('..', '.')
}
