/**
 * Certificates: read, checked against each other and the time of day, and read again when they
 * change. What is wrong is said with the file, whom the certificate is for and when it holds; no
 * key is ever part of an error.
 */
import {createPrivateKey, X509Certificate, type KeyObject} from 'node:crypto'
import {readFile, stat} from 'node:fs/promises'
import {WsmeshError} from '../util/errors.js'

export interface TlsFiles {
  /** PEM: the certificate, then those between it and the root. */
  readonly cert: string | undefined
  readonly key: string | undefined
  /** PEM: who signs the certificates of nodes; without it, those that Node trusts. */
  readonly ca: string | undefined
  /** Nodes and operators show a certificate of `ca`, too. */
  readonly isMutual: boolean
}

/** What a socket needs. */
export interface TlsMaterial {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly isMutual: boolean
}

export class TlsIdentity {
  readonly files: TlsFiles
  #now: TlsMaterial
  #onChange: ((material: TlsMaterial) => void)[] = []

  private constructor(files: TlsFiles, material: TlsMaterial) {
    this.files = files
    this.#now = material
  }

  /** Rejects with USAGE, FILE_UNREADABLE or TLS_INVALID. */
  static async load(files: TlsFiles, nowMs: number): Promise<TlsIdentity> {
    return new TlsIdentity(files, await loadMaterial(files, nowMs))
  }

  /** As it is now. */
  get material(): TlsMaterial {
    return this.#now
  }

  /** Whether there is a certificate to show: without one only others are checked. */
  get hasCertificate(): boolean {
    return this.#now.cert !== undefined
  }

  onChange(listener: (material: TlsMaterial) => void): void {
    this.#onChange.push(listener)
  }

  /** False when the files say the same; rejects as load, and then nothing has changed. */
  async reload(nowMs: number): Promise<boolean> {
    const next = await loadMaterial(this.files, nowMs)
    const isSame = PARTS.every((part) => next[part] === this.#now[part])
    if (isSame) return false
    this.#now = next
    for (const listener of this.#onChange) listener(next)
    return true
  }
}

const PARTS = ['cert', 'key', 'ca'] as const

async function loadMaterial(files: TlsFiles, nowMs: number): Promise<TlsMaterial> {
  const {cert, key, ca, isMutual} = files
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key']
    throw new WsmeshError('USAGE', `--tls-${given} without --tls-${missing}`, {
      suggestions: ['--tls-cert FILE --tls-key FILE'],
    })
  }
  if (isMutual && (cert === undefined || ca === undefined)) {
    throw new WsmeshError('USAGE', '--tls-mutual needs a certificate, and a CA for others', {
      suggestions: ['--tls-cert FILE --tls-key FILE --tls-ca FILE'],
    })
  }
  const parts: {cert?: string; key?: string; ca?: string} = {}
  if (ca !== undefined) parts.ca = await readCertificate(ca, nowMs)
  if (cert !== undefined && key !== undefined) {
    parts.cert = await readCertificate(cert, nowMs)
    parts.key = await readKey(key, cert, parts.cert)
  }
  return {...parts, isMutual}
}

async function readCertificate(path: string, nowMs: number): Promise<string> {
  const pem = await readPart(path, 'certificate')
  const certificate = parseCertificate(pem, path)
  const about = describeCertificate(certificate)
  if (Date.parse(certificate.validTo) < nowMs) {
    throw invalid(`The certificate in ${path} has expired: ${about}`, 'Renew it')
  }
  if (Date.parse(certificate.validFrom) > nowMs) {
    throw invalid(`The certificate in ${path} does not hold yet: ${about}`, 'Is the clock right?')
  }
  return pem
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    // The library's error says nothing of the file, and might say something of its content.
    throw invalid(`${path} is no certificate in PEM`, 'It begins with -----BEGIN CERTIFICATE-----')
  }
}

/** For people: whom it is for, who signed it, when it holds. */
function describeCertificate({subject, issuer, validFrom, validTo}: X509Certificate): string {
  return `${oneLine(subject)}, signed by ${oneLine(issuer)}, valid ${validFrom} to ${validTo}`
}

function oneLine(name: string | undefined): string {
  return name === undefined || name === '' ? '(no name)' : name.replaceAll('\n', ', ')
}

async function readKey(path: string, certPath: string, cert: string): Promise<string> {
  const {mode} = await stat(path).catch((error: unknown) => {
    throw unreadable(path, 'key', error)
  })
  if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
    throw invalid(`Everybody can read the key in ${path}`, `chmod o= ${path}`)
  }
  const pem = await readPart(path, 'key')
  const key = parseKey(pem, path)
  const certificate = parseCertificate(cert, certPath)
  if (!certificate.checkPrivateKey(key)) {
    const about = describeCertificate(certificate)
    throw invalid(
      `The key in ${path} does not belong to the certificate in ${certPath}: ${about}`,
      'They are made together, and renewed together',
    )
  }
  return pem
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw invalid(`${path} is no private key in PEM without a password`, 'Take off its password')
  }
}

async function readPart(path: string, what: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, what, error)
  })
}

function unreadable(path: string, what: string, cause: unknown): WsmeshError {
  return new WsmeshError('FILE_UNREADABLE', `Cannot read the ${what} from ${path}`, {
    cause,
    suggestions: ['Check the path and who may read it'],
  })
}

function invalid(message: string, suggestion: string): WsmeshError {
  return new WsmeshError('TLS_INVALID', message, {suggestions: [suggestion]})
}
