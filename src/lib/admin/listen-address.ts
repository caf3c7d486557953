import {WsmeshError} from '../util/errors.js'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:8890`, `[::1]:8890`, `:8890` or `8890`. Throws USAGE. */
export function listenAddressOf(text: string): ListenAddress {
  const match = /^(?:(?:\[([\da-f:.]+)\]|([^\s:[\]]*)):)?(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3] ?? Number.NaN)
  if (match === null || !(port <= 65_535)) {
    throw new WsmeshError('USAGE', `--listen ${JSON.stringify(text)} is no address and port`, {
      suggestions: ['--listen 127.0.0.1:8890', '--listen 0   (any free port)'],
    })
  }
  const host = match[1] ?? match[2] ?? ''
  return {host: host === '' ? '127.0.0.1' : host, port}
}
