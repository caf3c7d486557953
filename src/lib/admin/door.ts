/**
 * Whose requests are listened to at all. Against DNS rebinding the Host must be a name that this
 * server is known to have; against pages of other origins the Origin must be its own wherever
 * something is done: at each POST, and where the WebSocket is opened. Nothing is changed by a GET.
 */
import {isIP} from 'node:net'
import {WsmeshError} from '../util/errors.js'

export interface DoorOptions {
  /** As it listens. */
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** How a proxy's users name it, as `https://admin.example.com`. */
  readonly publicUrl: string | undefined
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export interface Refusal {
  readonly status: number
  readonly text: string
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

export class Door {
  readonly #options: DoorOptions
  readonly #publicHost: string | undefined
  readonly #publicOrigin: string | undefined

  /** Throws USAGE for a public URL that is none. */
  constructor(options: DoorOptions) {
    this.#options = options
    const {publicUrl} = options
    if (publicUrl === undefined) return
    const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
    const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
    if (url === undefined || !isWeb || url.pathname !== '/') {
      throw new WsmeshError('USAGE', `--public-url ${publicUrl} is no address of a web site`, {
        suggestions: ['--public-url https://admin.example.com   (without a path)'],
      })
    }
    this.#publicHost = url.host
    this.#publicOrigin = url.origin
  }

  /** Whether a browser comes by TLS, so that the cookie may say so. */
  isSecure(headers: Headers): boolean {
    const isPublic = textOf(headers['host']) === this.#publicHost
    return isPublic ? this.#publicOrigin?.startsWith('https:') === true : this.#options.isTls
  }

  /** `doesSomething`: a POST, or a WebSocket. */
  refusal(headers: Headers, path: string, doesSomething: boolean): Refusal | undefined {
    const host = textOf(headers['host'])
    const origin = textOf(headers['origin'])
    if (!this.#isOwnHost(host)) {
      return {
        status: 403,
        text: 'This is a wsmesh admin, and you asked for another name. '
          + 'Behind a proxy: wsmesh admin --public-url https://that-name',
      }
    }
    const isOwn = origin === this.#originOf(host)
    if (doesSomething ? !isOwn : origin !== '' && !isOwn) {
      return {status: 403, text: 'Not for pages of other origins'}
    }
    const site = textOf(headers['sec-fetch-site'])
    // A link from elsewhere leads to the page, and to nothing else.
    if (site !== '' && site !== 'same-origin' && site !== 'none' && path !== '/') {
      return {status: 403, text: 'Not for pages of other origins'}
    }
    return undefined
  }

  #isOwnHost(host: string): boolean {
    if (host === this.#publicHost) return true
    const {port, host: listened} = this.#options
    const names = LOOPBACK.map((name) => `${name}:${port}`)
    if (names.includes(host)) return true
    if (isLoopback(listened)) return false
    // A name can be made to lead anywhere, an address cannot.
    const match = /^(?:\[([\da-f:.]+)\]|([\d.]+)):(\d+)$/i.exec(host)
    return match?.[3] === String(port) && isIP(match[1] ?? match[2] ?? '') !== 0
  }

  #originOf(host: string): string {
    if (host === this.#publicHost) return this.#publicOrigin ?? ''
    return `${this.#options.isTls ? 'https' : 'http'}://${host}`
  }
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : ''
}
