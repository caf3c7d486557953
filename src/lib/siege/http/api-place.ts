/** Where a node's HTTP API is, and what it answers there. */

/** For http.request: of http://host:port, https or unix:/path. */
export function placeOf(
  api: string,
): {readonly socketPath: string} | {readonly host: string; readonly port: string} {
  if (api.startsWith('unix:')) return {socketPath: api.slice('unix:'.length)}
  const {hostname, port, protocol} = new URL(api)
  // An IPv6 address stands in brackets in a URL, and nowhere else.
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return {host, port: port === '' ? protocol === 'https:' ? '443' : '80' : port}
}

/** The message of an error, without what differs from one to the next. */
export function reasonIn(body: string): string {
  return /"message":"([^"]*)"/.exec(body)?.[1] ?? ''
}
