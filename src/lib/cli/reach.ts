import {defaultDataDir} from '../auth/data-dir.js'
import {tlsFilesOf, type TlsFlagValues} from './tls-flags.js'
import {MeshAccess} from '../operator/mesh-access.js'

/** What reachFlags() parse to. */
export interface ReachFlagValues extends TlsFlagValues {
  readonly pool?: string | undefined
  readonly 'pool-prefix': string
  readonly 'data-dir'?: string | undefined
  readonly 'secret-file'?: string | undefined
  readonly node?: string | undefined
  readonly timeout: number
}

/** The embedded pool, in the data folder. */
export const DEFAULT_POOL_URL = 'sqlite:'

/** The way into the mesh that the flags describe. Its time starts to run now. */
export function meshAccessOf(flags: ReachFlagValues): MeshAccess {
  return new MeshAccess({
    poolUrl: flags.pool ?? DEFAULT_POOL_URL,
    poolPrefix: flags['pool-prefix'],
    dataDir: flags['data-dir'] ?? defaultDataDir(process.env),
    secretFile: flags['secret-file'],
    tls: tlsFilesOf(flags),
    env: process.env,
    node: flags.node,
    timeoutMs: flags.timeout,
  })
}

/** Runs the work and lets go of everything, however it ends. */
export async function withMesh<T>(
  flags: ReachFlagValues,
  work: (access: MeshAccess) => Promise<T>,
): Promise<T> {
  const access = meshAccessOf(flags)
  try {
    return await work(access)
  } finally {
    access.close()
  }
}
