/** Certificates of test/fixtures/tls, copied: a checkout does not keep the modes of files. */
import {chmod, copyFile, rm} from 'node:fs/promises'
import {join} from 'node:path'
import type {TlsFiles} from '../../src/lib/auth/tls.js'

const FROM = join(import.meta.dirname, '..', 'fixtures', 'tls')

export type CertificateName = 'node' | 'renewed' | 'expired' | 'foreign'

/** `cert.pem` and `key.pem` in the folder are that one's from now on. */
export async function putCertificate(folder: string, name: CertificateName): Promise<void> {
  for (const [from, to] of [[`${name}.key`, 'key.pem'], [`${name}.pem`, 'cert.pem']] as const) {
    await rm(join(folder, to), {force: true})
    await copyFile(join(FROM, from), join(folder, to))
    await chmod(join(folder, to), 0o600)
  }
}

export async function certificateFiles(
  folder: string,
  name: CertificateName = 'node',
  isMutual = false,
): Promise<TlsFiles> {
  await putCertificate(folder, name)
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  return {cert, key, ca: caFile(), isMutual}
}

export function caFile(name: 'ca' | 'other-ca' = 'ca'): string {
  return join(FROM, `${name}.pem`)
}
