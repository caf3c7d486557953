import type {ServeOptions} from '../node/serve.js'
import {checkListen, checkNodeUrl, checkPublicUrl} from '../node/node-addresses.js'
import {MeshAccess} from '../operator/mesh-access.js'
import {parsePoolUrl} from '../pool/pool-url.js'
import {loadSecret} from '../auth/secret.js'
import {TlsIdentity} from '../auth/tls.js'
import type {Problem, Severity} from './check.js'
import {CHECKS} from './checks.js'
import type {Facts, FrontFacts, MeshFacts, SecretFacts, Settings} from './facts.js'
import {gatherApplication} from './gather-application.js'
import {gatherFiles} from './gather-files.js'
import {gatherFront} from './gather-front.js'
import {gatherMachine, type ListenPlace} from './gather-machine.js'
import {gatherMesh} from './gather-mesh.js'
import {gatherStore} from './gather-store.js'
import {tried} from './told.js'

export interface DoctorOptions {
  /** What a node of this machine is started with. */
  readonly serve: ServeOptions
  readonly dataDir: string
  readonly configPath: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly strayVariables: Settings['strayVariables']
  /** What clients dial; --public-url where it is not given. */
  readonly url: string | undefined
  readonly pages: readonly string[]
  /** No connection is watched until it is pinged. */
  readonly isQuick: boolean
  /** Of each question. */
  readonly timeoutMs: number
  /** What takes long is said before. */
  readonly onWait: (url: string, waitMs: number) => void
}

/** What `doctor --json` prints; an API. */
export interface DoctorJson {
  readonly findings: readonly Finding[]
  /** Ids of the checks that found nothing; those of what is not used here are nowhere. */
  readonly passed: readonly string[]
  readonly notChecked: readonly {readonly id: string; readonly why: string}[]
}

export interface Finding extends Problem {
  readonly id: string
}

/** Gathers all facts, then judges them. Rejects with USAGE or what settings are refused with. */
export async function runDoctor(options: DoctorOptions): Promise<DoctorJson> {
  return judge(await gather(options))
}

export function judge(facts: Facts): DoctorJson {
  const findings: Finding[] = []
  const passed: string[] = []
  const notChecked: {id: string; why: string}[] = []
  for (const {id, judge} of CHECKS) {
    const verdict = judge(facts)
    if ('notUsed' in verdict) continue
    if ('notChecked' in verdict) notChecked.push({id, why: verdict.notChecked})
    else if (verdict.length === 0) passed.push(id)
    else findings.push(...verdict.map((problem) => ({id, ...problem})))
  }
  return {findings: findings.toSorted(bySeverity), passed, notChecked}
}

const ORDER: Readonly<Record<Severity, number>> = {error: 0, warning: 1}

function bySeverity(a: Finding, b: Finding): number {
  return ORDER[a.severity] - ORDER[b.severity]
}

async function gather(options: DoctorOptions): Promise<Facts> {
  const {serve, dataDir, env, timeoutMs, configPath} = options
  const url = serve.pool ?? 'sqlite:'
  const settings = settingsOf(options, url)
  const files = await gatherFiles({options: serve, settings, dataDir, configPath, env})
  const access = new MeshAccess({
    poolUrl: url, poolPrefix: serve.poolPrefix, dataDir, secretFile: serve.secretFile,
    tls: serve.tls, env, node: undefined, timeoutMs,
  })
  try {
    const {pool} = settings
    const [store, mesh, application] = await Promise.all([
      gatherStore({pool, url, prefix: serve.poolPrefix, dataDir, timeoutMs}),
      gatherMesh({access, secret: files.secret, ca: await caOf(options)}),
      gatherApplication({options: serve, dataDir, timeoutMs}),
    ])
    return {
      settings, files, store, mesh, application,
      machine: await gatherMachine(placesOf(serve), mesh, settings.nodeUrl),
      front: await frontOf(options, settings, mesh, files.secret),
    }
  } finally {
    access.close()
  }
}

function settingsOf(
  {serve, dataDir, pages, url, strayVariables}: DoctorOptions, poolUrl: string,
): Settings {
  const pool = parsePoolUrl(poolUrl, dataDir)
  const {auth, limits} = serve
  return {
    version: serve.version,
    host: serve.host,
    port: serve.port,
    nodeUrl: serve.nodeUrl === undefined ? undefined : checkNodeUrl(serve.nodeUrl),
    publicUrl: serve.publicUrl === undefined ? url : checkPublicUrl(serve.publicUrl),
    pool,
    hasSqlitePool: pool.type === 'sqlite',
    clientsMax: limits.clientsMax,
    sessionCookie: auth.sessionCookie,
    origins: auth.origins,
    trustedProxies: auth.trustedProxies,
    pages,
    hasOutbox: serve.outboxUrl !== undefined,
    hasNodeListener: serve.nodeListen !== undefined,
    strayVariables,
  }
}

function placesOf({host, port, nodeListen, apiListen}: ServeOptions): readonly ListenPlace[] {
  const others = ([['--node-listen', nodeListen], ['--api-listen', apiListen]] as const)
    .flatMap(([flag, text]): ListenPlace[] => {
      const place = text === undefined ? undefined : checkListen(flag, text)
      return place?.type === 'port' ? [{flag, host: place.host, port: place.port}] : []
    })
  return [{flag: '--port', host, port}, ...others]
}

async function frontOf(
  options: DoctorOptions, settings: Settings, mesh: MeshFacts, secret: SecretFacts,
): Promise<FrontFacts | undefined> {
  const {serve, dataDir, env, timeoutMs, isQuick} = options
  const url = options.url ?? settings.publicUrl
  if (url === undefined) return undefined
  const loaded = secret.type === 'bad' ? undefined
    : await loadSecret({secretFile: serve.secretFile, env, dataDir, mayMake: false})
  const ca = await caOf(options)
  return gatherFront({
    url, settings, mesh, timeoutMs,
    secret: loaded,
    tls: ca === undefined ? undefined : {ca},
    notWatched: isQuick ? '--quick: no connection was watched' : undefined,
    onWait: (waitMs) => options.onWait(url, waitMs),
  })
}

/** Undefined where there is none, or it cannot be read: that is told of elsewhere. */
async function caOf({serve}: DoctorOptions): Promise<string | undefined> {
  const {ca} = serve.tls
  if (ca === undefined) return undefined
  const files = {cert: undefined, key: undefined, ca, isMutual: false}
  const read = await tried(() => TlsIdentity.load(files, Date.now()))
  return read.ok ? read.value.material.ca : undefined
}
