/** Why a certificate was not believed, for people: whose it is, and when it holds. */
import {connect, type PeerCertificate, type TLSSocket} from 'node:tls'

/** Less than what a dial may take: this is asked only after it failed. */
const LOOK_MS = 1000

/** What OpenSSL and Node call a certificate that is not believed. */
const DISTRUSTED =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/

/** The other side wants a certificate of ours, or does not believe the one it got. */
const REFUSED = /ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA)|alert (bad|unknown|certificate)/i

export function isDistrust(error: NodeJS.ErrnoException): boolean {
  return DISTRUSTED.test(error.code ?? '')
}

export function isDistrusted(error: NodeJS.ErrnoException): boolean {
  return REFUSED.test(`${error.code ?? ''} ${error.message}`)
}

/** The certificate that is shown there, looked at without believing it; nothing is sent. */
export function describePeer(url: string, error: Error, told: (why: string) => void): void {
  const {hostname, port} = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const where = {host, port: port === '' ? 443 : Number(port), servername: nameOf(host)}
  let isTold = false
  const settle = (what: string): void => {
    socket.destroy()
    if (isTold) return
    isTold = true
    told(`${what} is not trusted: ${error.message}`)
  }
  // Only to look at: the dial that believes nothing of it has failed already.
  const socket: TLSSocket = connect({...where, rejectUnauthorized: false}, () =>
    settle(`the certificate of ${url} (${describe(socket.getPeerCertificate())})`),
  )
  socket.setTimeout(LOOK_MS, () => settle(`the certificate of ${url}`))
  socket.on('error', () => settle(`the certificate of ${url}`))
}

/** An address is no name that a server could be asked for. */
function nameOf(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}

function describe({subject, issuer, valid_from: from, valid_to: to}: PeerCertificate): string {
  return `${named(subject)}, signed by ${named(issuer)}, valid ${from} to ${to}`
}

/** Absent where a server shows none. */
function named(name: PeerCertificate['subject'] | undefined): string {
  return `CN=${String(name?.CN ?? '(no name)')}`
}
