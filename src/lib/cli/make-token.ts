import {defaultDataDir} from '../auth/data-dir.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {loadSecret} from '../auth/secret.js'
import {idFromJson} from '../protocol/target.js'
import {LIMITS} from '../protocol/limits.js'
import {WsmeshError} from '../util/errors.js'

export interface TokenRequest {
  readonly user: string
  readonly groups: readonly string[]
  readonly session: string | undefined
  readonly ttlMs: number
  readonly dataDir: string | undefined
  readonly secretFile: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Called with the path of a secret that had to be made. */
  readonly onSecretMade?: (path: string) => void
  /** False: a secret that is not there is an error, since no node would know it. */
  readonly mayMake?: boolean
}

/** What `token --json` prints; an API. */
export interface TokenJson {
  readonly token: string
  readonly user: string
  readonly groups: readonly string[]
  readonly session: string | null
  /** ISO 8601. */
  readonly expires: string
}

/** Throws USAGE for what is no id, and as loadSecret does. */
export async function makeToken(request: TokenRequest): Promise<TokenJson> {
  const {user, groups, session, ttlMs, secretFile, env, onSecretMade, mayMake = true} = request
  checkId('--user', user)
  for (const group of groups) checkId('--group', group)
  if (session !== undefined) checkId('--session', session)
  const dataDir = request.dataDir ?? defaultDataDir(env)
  const secret = operatorsOnly(await loadSecret({
    secretFile, env, dataDir, mayMake, ...(onSecretMade && {onMade: onSecretMade}),
  }))
  const {signToken, tokenExpiryMs} = await import('../auth/token.js')
  const nowMs = Date.now()
  const expires = new Date(tokenExpiryMs(nowMs, ttlMs)).toISOString()
  const token = await signToken({user, groups, session, ttlMs, nowMs}, secret)
  return {token, user, groups, session: session ?? null, expires}
}

/** What `token --backend NAME --json` prints; an API. */
export interface PublishTokenJson {
  readonly token: string
  readonly backend: string
  /** ISO 8601. */
  readonly expires: string
}

/** A token to publish with by HTTP. Throws as makeToken does. */
export async function makePublishToken(
  request: Pick<TokenRequest, 'ttlMs' | 'dataDir' | 'secretFile' | 'env'> & {
    readonly backend: string
  },
): Promise<PublishTokenJson> {
  const {backend, ttlMs, secretFile, env} = request
  checkId('--backend', backend)
  const dataDir = request.dataDir ?? defaultDataDir(env)
  const secret = operatorsOnly(await loadSecret({secretFile, env, dataDir, mayMake: false}))
  const {signPublishToken} = await import('../auth/publish-token.js')
  const expires = new Date(Date.now() + ttlMs).toISOString()
  return {token: await signPublishToken({by: backend, ttlMs}, secret), backend, expires}
}

function operatorsOnly(secret: MeshSecret): MeshSecret {
  if (secret.rights === 'operator') return secret
  throw new WsmeshError('SECRET_INVALID', `${secret.source} is a viewer's: it makes no tokens`, {
    suggestions: ["--secret-file FILE   (the mesh's own secret)"],
  })
}

function checkId(flag: string, text: string): void {
  if (idFromJson(text) !== undefined) return
  throw new WsmeshError('USAGE', `${flag} is empty or longer than ${LIMITS.idBytes} bytes`)
}
