import {chmod, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {TlsIdentity, type TlsFiles} from '../../../src/lib/auth/tls.js'
import {caFile, certificateFiles, putCertificate} from '../../helpers/certificates.js'

const NOW_MS = Date.UTC(2026, 5, 1)

let folder: string
let files: TlsFiles

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-tls-'))
  files = await certificateFiles(folder)
})

afterEach(async () => {
  await rm(folder, {recursive: true})
})

describe('a certificate', () => {
  it('is read with its key, and again when it is another', async () => {
    const tls = await TlsIdentity.load(files, NOW_MS)
    const seen: unknown[] = []
    tls.onChange(({cert}) => seen.push(cert))
    expect(tls.material.cert).toEqual(await readFile(join(folder, 'cert.pem'), 'utf8'))
    expect(await tls.reload(NOW_MS)).toBe(false)
    await putCertificate(folder, 'renewed')
    expect(await tls.reload(NOW_MS)).toBe(true)
    expect(seen).toEqual([await readFile(join(folder, 'cert.pem'), 'utf8')])
  })

  it('that is wrong changes nothing', async () => {
    const tls = await TlsIdentity.load(files, NOW_MS)
    const before = tls.material
    await putCertificate(folder, 'expired')
    await expect(tls.reload(NOW_MS)).rejects.toMatchObject({code: 'TLS_INVALID'})
    expect(tls.material).toBe(before)
  })

  it.each([
    ['has expired', NOW_MS, /^The certificate in .*cert\.pem has expired: CN=old node, .* valid Jan\s+1 .* 2020 GMT to Jan\s+1 .* 2021 GMT$/],
    ['does not hold yet', 0, /^The certificate in .*cert\.pem does not hold yet: CN=old node/],
  ])('that %s is named with its file, subject and dates', async (_, nowMs, message) => {
    await putCertificate(folder, 'expired')
    const loading = TlsIdentity.load({...files, ca: undefined}, nowMs)
    await expect(loading).rejects.toMatchObject({
      code: 'TLS_INVALID', message: expect.stringMatching(message) as string,
    })
  })

  it('whose key is of another is refused, and no error shows a key', async () => {
    const key = await readFile(join(folder, 'key.pem'), 'utf8')
    await putCertificate(folder, 'renewed')
    await writeFile(join(folder, 'key.pem'), key)
    const error: Error = await TlsIdentity.load(files, NOW_MS).then(
      () => new Error('nothing failed'),
      (failure: Error) => failure,
    )
    expect(error.message).toContain('does not belong to the certificate in')
    expect(error.message).toContain('CN=renewed node')
    for (const line of key.split('\n').slice(1, -2)) {
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(line)
    }
  })

  it.each([
    ['no certificate', 'cert.pem', 'hello', /cert\.pem is no certificate/],
    ['no key', 'key.pem', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n',
      /key\.pem is no private key/],
    ['nothing', 'cert.pem', '', /cert\.pem is no certificate/],
  ])('file with %s says which, not what is in it', async (_, name, content, message) => {
    await writeFile(join(folder, name), content)
    const loading = TlsIdentity.load(files, NOW_MS)
    await expect(loading).rejects.toMatchObject({
      code: 'TLS_INVALID', message: expect.stringMatching(message) as string,
    })
    await expect(loading).rejects.not.toThrow('c2VjcmV0')
  })

  it('whose key everybody can read is refused', async () => {
    await chmod(join(folder, 'key.pem'), 0o644)
    await expect(TlsIdentity.load(files, NOW_MS)).rejects.toThrow('Everybody can read the key')
  })

  it.each([
    ['without its key', {key: undefined}, 'USAGE'],
    ['a key without it', {cert: undefined}, 'USAGE'],
    ['asked of others without a CA', {ca: undefined, isMutual: true}, 'USAGE'],
    ['that is not there', {cert: '/nowhere/cert.pem'}, 'FILE_UNREADABLE'],
    ['whose key is not there', {key: '/nowhere/key.pem'}, 'FILE_UNREADABLE'],
  ])('%s is refused', async (_, change, code) => {
    await expect(TlsIdentity.load({...files, ...change}, NOW_MS)).rejects.toMatchObject({code})
  })

  it('is not needed to check those of others', async () => {
    const tls = await TlsIdentity.load(
      {cert: undefined, key: undefined, ca: caFile(), isMutual: false}, NOW_MS,
    )
    expect(tls.hasCertificate).toBe(false)
  })
})
