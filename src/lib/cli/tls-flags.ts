import type {TlsFiles} from '../auth/tls.js'

/** What tlsFlags() of flags.ts parse to. */
export interface TlsFlagValues {
  readonly 'tls-cert'?: string | undefined
  readonly 'tls-key'?: string | undefined
  readonly 'tls-ca'?: string | undefined
}

export function tlsFilesOf(flags: TlsFlagValues, isMutual = false): TlsFiles {
  return {cert: flags['tls-cert'], key: flags['tls-key'], ca: flags['tls-ca'], isMutual}
}
