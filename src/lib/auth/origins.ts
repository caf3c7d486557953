/**
 * Which pages may connect. A browser sends the cookies of a site with a WebSocket that any other
 * site's page opens (cross-site WebSocket hijacking); its Origin header is what tells them apart.
 */
import {WsmeshError} from '../util/errors.js'

const EXAMPLES = ['--origin https://example.com', "--origin 'https://*.example.com'"] as const

export class OriginList {
  readonly #patterns: readonly RegExp[]

  /** Throws CONFIG_INVALID for a pattern that is none. */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(patternOf)
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0
  }

  allows(origin: string): boolean {
    const text = originOf(origin)
    return text !== undefined && this.#patterns.some((pattern) => pattern.test(text))
  }
}

/** `https://*.example.com`: the star is one or more whole labels, so no look-alike name fits. */
function patternOf(text: string): RegExp {
  const [, scheme, star, rest] = /^([a-z][a-z0-9+.-]*):\/\/(\*\.)?([^*]+)$/i.exec(text) ?? []
  const origin = rest === undefined ? undefined : originOf(`${scheme}://${rest}`)
  if (origin === undefined || (star !== undefined && !rest?.includes('.'))) throw invalid(text)
  const [from = '', host = ''] = origin.split('://')
  const labels = star === undefined ? '' : '(?:[a-z0-9_-]+\\.)+'
  return new RegExp(`^${escaped(from)}://${labels}${escaped(host)}$`)
}

/** As browsers write it: lower case, no default port. Undefined for what is no origin: "null". */
function originOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const {protocol, host, pathname, search, hash, username, password} = new URL(text)
  const isBare = (pathname === '/' || pathname === '') && search === '' && hash === ''
  if (!isBare || text.endsWith('/') || host === '' || username !== '' || password !== '') {
    return undefined
  }
  return `${protocol}//${host.toLowerCase()}`
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function invalid(text: string): WsmeshError {
  const isNull = text === 'null'
  return new WsmeshError(
    'CONFIG_INVALID',
    isNull
      ? '--origin null would let in every page that hides where it is from'
      : `--origin ${JSON.stringify(text.slice(0, 200))} is no origin: scheme://host or with :port`,
    {suggestions: EXAMPLES},
  )
}
