import {X509Certificate} from 'node:crypto'
import {access, constants, readFile, realpath, stat, statfs} from 'node:fs/promises'
import {isIP} from 'node:net'
import {dirname, resolve} from 'node:path'

import {apiKeyPlace, readApiKeys} from '../auth/api-key-file.js'
import {loadSecret} from '../auth/secret.js'
import {TlsIdentity} from '../auth/tls.js'
import type {ServeOptions} from '../node/serve.js'
import {redactUrl} from '../sql/redact-url.js'
import {actionFindings} from './action-files.js'
import type {
  ConfigFacts, FileFacts, FileFinding, FolderFacts, SecretFacts, Settings, TlsFacts,
} from './facts.js'
import {NO_ROOM} from './file-checks.js'
import {fileSystemOf} from './file-systems.js'
import {tried} from './told.js'

/** Below this a log fills its disk soon. */
const LOG_BYTES_MIN = 16 * 1024 ** 2

export interface FilePlaces {
  readonly options: ServeOptions
  readonly settings: Settings
  readonly dataDir: string
  /** The configuration file that was read, if any. */
  readonly configPath: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

export async function gatherFiles(places: FilePlaces): Promise<FileFacts> {
  const {options, settings, dataDir, configPath} = places
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const {pool} = settings
  const keys = apiKeyPlace(options.apiKeyFile, dataDir)
  const read = await tried(() => readApiKeys(keys))
  return {
    secret: await gatherSecret(places),
    dataDir: await folderFacts(dataDir, mountinfo),
    poolFolder: pool.type === 'sqlite'
      ? await folderFacts(dirname(pool.path), mountinfo) : undefined,
    config: configPath === undefined ? undefined : await configFacts(configPath),
    apiKeys: read.ok ? undefined : read.told,
    tls: await tlsFacts(options, settings),
    actions: await actionFindings(options.actions),
    logFile: options.logFile === undefined ? undefined : await logFacts(options.logFile),
  }
}

/** As a node opens it: made where it is not there, in a folder that is. */
async function logFacts(path: string): Promise<FileFinding> {
  const isThere = await stat(path).then((found) => found, () => undefined)
  const at = isThere === undefined ? dirname(resolve(path)) : path
  const isNoFolder = isThere === undefined && (await isOtherThanFolder(at))
  const wrong = isThere?.isDirectory() === true ? 'it is a folder'
    : isNoFolder ? 'its folder is none'
    : ((await freeBytes(at)) ?? Infinity) < LOG_BYTES_MIN ? NO_ROOM
    : await access(at, constants.W_OK).then(() => undefined, (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? 'its folder is not there' : `it cannot be written (${error.code})`)
  return {path, wrong}
}

async function isOtherThanFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => !found.isDirectory(), () => false)
}

async function gatherSecret({options, dataDir, env}: FilePlaces): Promise<SecretFacts> {
  const {secretFile} = options
  const read = await tried(() => loadSecret({secretFile, env, dataDir, mayMake: false}))
  if (!read.ok) return {type: 'bad', told: read.told}
  const {source, count, rights} = read.value
  // Its bytes are private: the text is read again, measured and forgotten.
  const text = source === 'WSMESH_SECRET' ? env['WSMESH_SECRET'] ?? ''
    : await readFile(source, 'utf8')
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  const bitsMax = Math.min(...lines.map((line) => bitsOf(line.replace(/^[a-z]+:/, ''))))
  return {type: 'fine', source, count, bitsMax, isViewers: rights === 'viewer'}
}

/** As if each character had been drawn from those that are in it: never too little. */
export function bitsOf(secret: string): number {
  const kinds = new Set(secret).size
  const isWords = /^[a-z]+([ _.-][a-z]+)*\d{0,4}$/i.test(secret)
  // About as many as a word list has: 4 words of it are 52 bits.
  if (isWords) return (secret.match(/[a-z]+/gi)?.length ?? 0) * 13 + 13
  return secret.length * Math.log2(Math.max(1, kinds))
}

async function folderFacts(path: string, mountinfo: string): Promise<FolderFacts> {
  const found = await stat(path).catch(() => undefined)
  const place = await nearest(path)
  return {
    path,
    mode: found?.mode,
    fileSystem: fileSystemOf(place, mountinfo),
    freeBytes: await freeBytes(place),
  }
}

async function freeBytes(path: string): Promise<number | undefined> {
  return statfs(path).then(({bavail, bsize}) => bavail * bsize, () => undefined)
}

/** Where the path is, or would be made; links followed. */
async function nearest(path: string): Promise<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined)
    if (real !== undefined) return real
    if (dirname(at) === at) return at
  }
}

async function configFacts(path: string): Promise<ConfigFacts> {
  const {mode} = await stat(path)
  const text = await readFile(path, 'utf8')
  const urls = text.match(/"[a-z][a-z0-9+.-]*:\/\/[^"]*"/gi) ?? []
  const hasPassword = urls.some((url) => redactUrl(url.slice(1, -1)) !== url.slice(1, -1))
  return {path, mode, hasPassword}
}

async function tlsFacts(options: ServeOptions, settings: Settings): Promise<TlsFacts | undefined> {
  const {tls, host} = options
  if (tls.cert === undefined && tls.key === undefined && tls.ca === undefined) return undefined
  const nowMs = Date.now()
  const read = await tried(() => TlsIdentity.load(tls, nowMs))
  if (!read.ok) return {type: 'bad', told: read.told}
  const {cert} = read.value.material
  if (cert === undefined || tls.cert === undefined) return undefined
  const certificate = new X509Certificate(cert)
  const dialled = settings.nodeUrl === undefined ? host : new URL(settings.nodeUrl).hostname
  const isWildcard = dialled === '0.0.0.0' || dialled === '::'
  return {
    type: 'fine',
    path: tls.cert,
    validToMs: Date.parse(certificate.validTo),
    missing: isWildcard || isFor(certificate, dialled) ? [] : [dialled],
    nowMs,
  }
}

function isFor(certificate: X509Certificate, host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1')
  const found = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)
  return found !== undefined
}
