/** How the same is done from a terminal: with the flags of this admin, and no secret. */
import type {ReachFlagValues} from '../cli/reach.js'
import {quoted} from '../demo/shell-text.js'

const DEFAULT_PREFIX = 'wsmesh_'

type Environment = Readonly<Record<string, string | undefined>>

/** Each with its variable, since what is in a variable is in no list of processes. */
function settingsOf(flags: ReachFlagValues): readonly (readonly [string, string, string])[] {
  const all: readonly (readonly [flag: string, variable: string, value: string | undefined])[] = [
    ['--pool', 'WSMESH_POOL', flags.pool],
    ['--pool-prefix', 'WSMESH_POOL_PREFIX', withoutDefault(flags['pool-prefix'])],
    ['--data-dir', 'WSMESH_DATA_DIR', flags['data-dir']],
    ['--secret-file', 'WSMESH_SECRET_FILE', flags['secret-file']],
    ['--tls-ca', 'WSMESH_TLS_CA', flags['tls-ca']],
    ['--tls-cert', 'WSMESH_TLS_CERT', flags['tls-cert']],
    ['--tls-key', 'WSMESH_TLS_KEY', flags['tls-key']],
  ]
  return all.flatMap(([flag, variable, value]) =>
    value === undefined ? [] : [[flag, variable, value] as const])
}

/** The environment of a command that is to find the same mesh. */
export function reachEnvironment(flags: ReachFlagValues, env: Environment): NodeJS.ProcessEnv {
  const own = settingsOf(flags).map(([, variable, value]) => [variable, value] as const)
  return {...env, ...Object.fromEntries(own)}
}

/**
 * The same for a node that is started: with pool and secret, but not with the certificate that the
 * admin shows to nodes, which would be what the node shows to clients.
 */
export function serveEnvironment(flags: ReachFlagValues, env: Environment): NodeJS.ProcessEnv {
  const {pool, 'pool-prefix': prefix, 'data-dir': dataDir, 'secret-file': secretFile} = flags
  return reachEnvironment({
    pool, 'pool-prefix': prefix, 'data-dir': dataDir, 'secret-file': secretFile,
    timeout: flags.timeout,
  }, env)
}

/** The flags as people type them: empty where a command finds the mesh by itself. */
export function reachText(flags: ReachFlagValues, env: Environment): string {
  return settingsOf(flags)
    // Whoever types in the same shell has the same variables.
    .filter(([, variable, value]) => env[variable] !== value)
    .map(([flag, , value]) => `${flag} ${hasPassword(value) ? '"$WSMESH_POOL"' : quoted(value)}`)
    .join(' ')
}

function hasPassword(word: string): boolean {
  return URL.canParse(word) && new URL(word).password !== ''
}

function withoutDefault(prefix: string): string | undefined {
  return prefix === DEFAULT_PREFIX ? undefined : prefix
}
