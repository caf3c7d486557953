/** An application that is asked over HTTP, and answers what the test tells it to. */
import {createServer} from 'node:http'
import type {IncomingHttpHeaders, IncomingMessage, ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {text} from 'node:stream/consumers'

export interface Asked {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answer = (asked: Asked, response: ServerResponse) => void

export class Application implements AsyncDisposable {
  readonly asked: Asked[] = []
  answer: Answer = (_asked, response) => void response.end()
  readonly #server = createServer((request, response) => {
    void this.#receive(request, response)
  })

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {method = '', headers} = request
    const asked = {method, headers, body: await text(request)}
    this.asked.push(asked)
    this.answer(asked, response)
  }

  static async open(): Promise<Application> {
    const application = new Application()
    await application.listen()
    return application
  }

  /** Returns where it is asked. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return this.url
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/ws`
  }

  says(status: number, body: unknown): void {
    this.answer = (_asked, response) => {
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
