/** What is besieged: the mesh of a pool, servers by address, or a mesh of the siege's own. */
import {loadSecret} from '../../auth/secret.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import {defaultDataDir} from '../../auth/data-dir.js'
import {surveyPool} from '../../operator/pool-survey.js'
import {DEFAULT_POOL_URL, withMesh} from '../../cli/reach.js'
import type {ReachFlagValues} from '../../cli/reach.js'
import type {OpenOutboxOptions} from '../../pool/outbox/open-outbox-store.js'
import {WsmeshError} from '../../util/errors.js'
import {NODES_MAX} from '../attack/field.js'
import type {AttackTarget, Proofs} from '../attack/job.js'
import type {SiegeSettings} from '../settings.js'
import {foreignUsers} from './foreign-users.js'
import {targetOf} from './moving-targets.js'
import {OwnMesh} from './own-mesh.js'

export interface Battlefield {
  readonly targets: readonly AttackTarget[]
  readonly proofs: Proofs
  readonly secret: MeshSecret | undefined
  /** Of a siege with a mesh of its own. */
  readonly own: OwnMesh | undefined
  /** Where rows of `--from outbox` are left. */
  readonly outbox: OpenOutboxOptions | undefined
  readonly notes: readonly string[]
  close(): Promise<void>
}

export interface BattlefieldOptions {
  readonly settings: SiegeSettings
  readonly reach: ReachFlagValues
  readonly packageRoot: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onLog: (line: string) => void
  /** For the nodes of a mesh of its own. */
  readonly nodeEnv?: Readonly<Record<string, string>>
}

export async function openBattlefield(options: BattlefieldOptions): Promise<Battlefield> {
  const {settings} = options
  if (settings.ownNodes > 0) return ownField(options)
  if (settings.protocol === 'plain') return plainField(settings)
  const secret = await secretOf(options)
  const {targets, notes} = settings.urls.length > 0
    ? {targets: settings.urls.map(nodeAt), notes: []}
    : await nodesOfPool(options.reach)
  const proofs = await proofsOf(options)
  const outbox = settings.from === 'outbox' ? outboxOf(options) : undefined
  return {targets, proofs, secret, own: undefined, outbox, notes, close: nothing}
}

async function nothing(): Promise<void> {}

function plainField({urls}: SiegeSettings): Battlefield {
  const targets = urls.map((clientUrl) => ({
    name: new URL(clientUrl).host, clientUrl, operatorUrl: undefined, httpUrl: undefined,
  }))
  return {
    targets, proofs: {type: 'none'}, secret: undefined, own: undefined, outbox: undefined,
    notes: [], close: nothing,
  }
}

async function ownField(options: BattlefieldOptions): Promise<Battlefield> {
  const own = await OwnMesh.open(options)
  return {
    targets: own.targets,
    proofs: {type: 'secret', dataDir: own.folder, secretFile: undefined},
    secret: own.secret,
    own,
    outbox: undefined,
    notes: [],
    close: () => own.close(),
  }
}

function nodeAt(url: string): AttackTarget {
  const {host, protocol} = new URL(url)
  const isSecure = protocol === 'wss:'
  return {
    name: host,
    clientUrl: url,
    operatorUrl: `${isSecure ? 'wss' : 'ws'}://${host}/mesh`,
    httpUrl: `${isSecure ? 'https' : 'http'}://${host}`,
  }
}

async function nodesOfPool(
  reach: ReachFlagValues,
): Promise<{readonly targets: readonly AttackTarget[]; readonly notes: readonly string[]}> {
  const survey = await withMesh(reach, (access) => surveyPool(access))
  const up = survey.nodes.filter(({state, known}) => state === 'up' && known !== undefined)
  if (up.length === 0) {
    throw new WsmeshError('NODE_UNREACHABLE', 'No node of the pool answers', {
      suggestions: ['wsmesh serve   (a node on this machine)',
        'wsmesh siege --nodes 3   (a mesh for the siege alone)'],
    })
  }
  const silent = survey.nodes.length - up.length
  const targets = up.slice(0, NODES_MAX).map(({id, url, known}) =>
    targetOf(id, url, known?.clientUrl))
  return {targets, notes: silent === 0 ? [] : [`${silent} nodes of the pool do not answer`]}
}

/** In the database of the pool, where `serve --outbox` has it. */
function outboxOf({reach, env}: BattlefieldOptions): OpenOutboxOptions {
  return {
    url: reach.pool ?? DEFAULT_POOL_URL,
    prefix: reach['pool-prefix'],
    dataDir: reach['data-dir'] ?? defaultDataDir(env),
  }
}

async function secretOf(
  {settings, reach, env}: BattlefieldOptions,
): Promise<MeshSecret | undefined> {
  const options = {
    secretFile: reach['secret-file'], env, mayMake: false,
    dataDir: reach['data-dir'] ?? defaultDataDir(env),
  }
  try {
    return await loadSecret(options)
  } catch (error) {
    const isForeign = settings.usersFile !== undefined || settings.tokenCommand !== undefined
    const isMissing = error instanceof WsmeshError && error.code === 'SECRET_MISSING'
    if (isForeign && isMissing) return undefined
    const isAnywhere = settings.urls.length > 0 || reach['secret-file'] !== undefined
    if (!isMissing || isAnywhere) throw error
    // Nobody ever started a node here: that is what is wrong, more than a file that is missing.
    throw new WsmeshError('NODE_UNREACHABLE', 'There is no mesh here', {
      cause: error,
      suggestions: ['wsmesh serve   (a node on this machine)',
        'wsmesh siege --nodes 3   (a mesh for the siege alone)',
        '--data-dir, --pool and --secret-file   (of a mesh that is elsewhere)'],
    })
  }
}

async function proofsOf({settings, reach, env}: BattlefieldOptions): Promise<Proofs> {
  const users = await foreignUsers(settings)
  if (users !== undefined) return {type: 'tokens', users}
  const dataDir = reach['data-dir'] ?? defaultDataDir(env)
  return {type: 'secret', dataDir, secretFile: reach['secret-file']}
}
