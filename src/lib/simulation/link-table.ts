import type {NetworkProcess} from './sim-network.js'

/** One end of a connection: the links of a process, as its kernel knows them. */
export interface Endpoint {
  readonly link: number
  readonly process: NetworkProcess
  state: 'dialling' | 'open' | 'closed'
}

/** A process's connections by link number. Numbers of accepted links are even, as event.ts says. */
export class LinkTable {
  readonly #endpoints = new Map<number, Endpoint>()
  #nextAccepted = 2

  get size(): number {
    return this.#endpoints.size
  }

  get(link: number): Endpoint | undefined {
    return this.#endpoints.get(link)
  }

  endpoints(): Endpoint[] {
    return [...this.#endpoints.values()]
  }

  add(link: number, process: NetworkProcess, state: Endpoint['state']): Endpoint {
    const endpoint: Endpoint = {link, process, state}
    this.#endpoints.set(link, endpoint)
    return endpoint
  }

  accept(process: NetworkProcess): Endpoint {
    const link = this.#nextAccepted
    this.#nextAccepted += 2
    return this.add(link, process, 'dialling')
  }

  delete(link: number): void {
    this.#endpoints.delete(link)
  }
}
