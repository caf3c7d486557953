/**
 * The URL with any password as ***, for people and logs. Works on broken URLs too, where the
 * password may hold what should have been escaped: then it hides too much rather than too little.
 */
export function redactUrl(url: string): string {
  if (/^sqlite:/i.test(url)) return url
  return redactQuery(redactAuthority(url))
}

function redactAuthority(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0] ?? ''
  const rest = url.slice(scheme.length)
  // The last @ ends the credentials: one in a password is often left unescaped.
  const at = rest.lastIndexOf('@') + 1
  const credentials = rest.slice(0, at)
  const colon = credentials.indexOf(':')
  const shown = colon < 0 ? credentials : `${credentials.slice(0, colon)}:***@`
  return scheme + shown + redactPort(rest.slice(at))
}

/** What stands at the port's place but is none: `mysql://user:password/database`. */
function redactPort(text: string): string {
  const [, host, port, tail] = /^(\[[^\]]*\]|[^:/?#]*):([^/?#]*)(.*)$/s.exec(text) ?? []
  if (host === undefined || port === undefined || /^\d*$/.test(port)) return text
  // A password may hold / ? #: of what follows only a plain database name is shown.
  return `${host}:***${/^\/[\w-]*$/.test(tail ?? '') ? tail : ''}`
}

/** Secrets that somebody put in options, whatever they are called. */
function redactQuery(url: string): string {
  return url.replace(/([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*/gi, '$1***')
}
