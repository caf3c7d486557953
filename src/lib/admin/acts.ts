/**
 * What pages ask for, done as the commands do it: by the same functions, through any node. Whatever
 * changes something leaves a line behind, in the events of all pages and on stderr.
 */
import {kickClients} from '../cli/control-clients.js'
import {meshAccessOf, withMesh, type ReachFlagValues} from '../cli/reach.js'
import {sendOne} from '../cli/send-one.js'
import type {SendJson} from '../cli/send-result.js'
import {describeTarget} from '../cli/target-flags.js'
import type {MeshAccess} from '../operator/mesh-access.js'
import {parseJson} from '../protocol/json-text.js'
import {targetFromJson, type TargetJson} from '../protocol/target.js'
import {isNodeId} from '../util/brand.js'
import {WsmeshError} from '../util/errors.js'
import type {LocalNodes} from './local-nodes.js'
import type {MeshEye} from './mesh-eye.js'
import type {SiegeRunner} from './siege-runner.js'
import {traceUser} from './trace-user.js'
import {searchUsers} from './user-search.js'
import type {Visitor} from './visitors.js'
import type {Watch} from './watch.js'
import type {Ask, History, NodeActName, Request, SentTo, TraceRow, UserPage} from './wire.js'

/** As `wsmesh node drain|restart|stop|step-down ID`: resolves with what the node said. */
export type ActOnNode = (access: MeshAccess, node: string, act: NodeActName) => Promise<string>

export interface ActsOptions {
  readonly reach: ReachFlagValues
  readonly eye: Pick<MeshEye, 'connections'>
  readonly watch: Pick<Watch, 'events' | 'history' | 'last' | 'stir'>
  readonly locals: LocalNodes
  readonly siege: SiegeRunner
  readonly actOnNode: ActOnNode
  readonly wallClock: () => number
  /** A line of the audit. */
  readonly notice: (line: string) => void
}

/** Whoever clicked waits for an answer so long. */
const SOON_MS = 10_000

/** Questions that the page's session does not answer by itself. */
export type PerformedRequest = Exclude<Request, {readonly ask: 'look' | 'trace'}>

type Asked<K extends Ask['ask']> = Extract<Ask, {readonly ask: K}>

export class Acts {
  readonly #options: ActsOptions

  constructor(options: ActsOptions) {
    this.#options = options
  }

  /** Rejects as the commands do. */
  async perform(request: PerformedRequest, visitor: Visitor): Promise<unknown> {
    switch (request.ask) {
      case 'history':
        return this.#history(request)
      case 'users':
        return this.#users(request)
      case 'kick':
        return this.#kick(request, visitor)
      case 'send':
        return this.#send(request, visitor)
      case 'act':
        return this.#act(request, visitor)
      case 'remove':
        return this.#remove(request, visitor)
      case 'start':
        return this.#start(visitor)
      case 'siege':
        return this.#siege(request, visitor)
      case 'end-siege':
        this.#audit(visitor, 'ended the siege', null)
        this.#options.siege.end()
        return null
      default:
        return request satisfies never
    }
  }

  /** Follows a user's messages until the signal or its own bounds end it; resolves with why. */
  trace(
    user: string,
    visitor: Visitor,
    signal: AbortSignal,
    onRow: (row: TraceRow) => void,
  ): Promise<string> {
    this.#audit(visitor, `follows the messages for user ${user}`, null)
    return withMesh(this.#options.reach, (access) => traceUser(access, user, signal, onRow))
  }

  #history({node, span}: Asked<'history'>): History {
    return this.#options.watch.history.read(node, span)
  }

  #users(search: Asked<'users'>): Promise<UserPage> {
    const {eye, wallClock} = this.#options
    return searchUsers(eye.connections(), search, wallClock())
  }

  async #kick({by, value, reason}: Asked<'kick'>, visitor: Visitor): Promise<SentTo> {
    const target: TargetJson = by === 'user' ? {user: [value]} : {filter: {connection: value}}
    checkTarget(target)
    const text = reason.trim() === '' ? undefined : reason.trim()
    const sent = await withMesh(this.#options.reach, (access) => kickClients(access, target, text))
    this.#audit(visitor, `closed ${sent.connections} of ${by} ${value}`, null)
    return sentTo(sent)
  }

  async #send(request: Asked<'send'>, visitor: Visitor): Promise<SentTo> {
    const target = targetOf(request)
    const details = detailsOf(request.details)
    const {action} = request
    const sent = await withMesh(this.#options.reach, (access) =>
      sendOne(access, {action, details, target}))
    this.#audit(visitor, `sent ${action} to ${describeTarget(target)}`, null)
    return sentTo(sent)
  }

  async #act({node, act, name}: Asked<'act'>, visitor: Visitor): Promise<{text: string}> {
    const nodes = this.#options.watch.last?.nodes ?? []
    const row = nodes.find(({id}) => id === node)
    // The page asks for it too; what counts is that nobody stops the master by a slip.
    if (act === 'stop' && row?.role === 'master' && name !== node) {
      throw new WsmeshError('USAGE', `${node} is the master: type its name to stop it`)
    }
    this.#audit(visitor, `${act} ${node}`, node)
    this.#options.watch.stir()
    const keeper = row?.supervisorPid ?? null
    const isAlone = nodes.filter(({state}) => state === 'up').length < 2
    // Its clients would find no other, and its history would end: its successor comes first.
    if (act === 'restart' && isAlone && keeper !== null) {
      return {text: await this.#reload(node, keeper)}
    }
    const acting = withMesh(this.#options.reach, (access) =>
      this.#options.actOnNode(access, node, act))
    return {text: await this.#soon(acting, `${act} ${node}`, node)}
  }

  /** A node may lead its clients away for minutes: then the events say how it ended. */
  async #soon(acting: Promise<string>, what: string, node: string): Promise<string> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), SOON_MS)
    })
    const text = await Promise.race([acting, late]).finally(() => clearTimeout(timer))
    const {watch, wallClock} = this.#options
    watch.stir()
    if (text !== undefined) return text
    acting
      .then((done) => watch.events.add(wallClock(), 'admin', 'good', node, done))
      .catch((error: unknown) => {
        const failure = error instanceof Error ? error.message : String(error)
        watch.events.add(wallClock(), 'admin', 'bad', node, `${what}: ${failure}`)
      })
    return `${what}: it has begun, and the events say when it is done`
  }

  /** As `wsmesh reload --supervisor`. */
  async #reload(node: string, supervisorPid: number): Promise<string> {
    await this.#options.locals.reload(supervisorPid)
    return `${node} drains when its supervisor has brought up a fresh one`
  }

  /** The row of a node whose process is gone, as `pool prune` removes it. */
  async #remove({node}: Asked<'remove'>, visitor: Visitor): Promise<{text: string}> {
    const row = this.#options.watch.last?.nodes.find(({id}) => id === node)
    if (row?.state !== 'stale' || !isNodeId(node)) {
      throw new WsmeshError('NOT_ALLOWED', `${node} may live: only rows of the dead are removed`)
    }
    const access = meshAccessOf(this.#options.reach)
    try {
      const {rights, source} = await access.secret()
      if (rights !== 'operator') {
        throw new WsmeshError('NOT_ALLOWED', `${source} is a viewer's secret: it removes nothing`)
      }
      await (await access.store()).remove(node)
    } finally {
      access.close()
    }
    this.#audit(visitor, `removed the row of ${node}`, node)
    this.#options.watch.stir()
    return {text: `removed ${node}`}
  }

  async #start(visitor: Visitor): Promise<{text: string}> {
    const started = await this.#options.locals.start()
    const text = `started a supervised node, process ${started.supervisorPid}`
    this.#audit(visitor, text, null)
    this.#options.watch.stir()
    return {text}
  }

  async #siege(request: Asked<'siege'>, visitor: Visitor): Promise<null> {
    const {connections, rate, timeS} = request
    await this.#options.siege.start({connections, rate, timeS})
    this.#audit(visitor, `began a siege: ${connections} clients, ${rate}/s, ${timeS} s`, null)
    this.#options.watch.stir()
    return null
  }

  #audit(visitor: Visitor, did: string, node: string | null): void {
    const {watch, wallClock, notice} = this.#options
    const text = `${visitor.label}: ${did}`
    watch.events.add(wallClock(), 'act', 'plain', node, text)
    notice(`admin: ${text}`)
  }
}

function sentTo({connections, byNode, missing = [], position, ms}: SendJson): SentTo {
  return {connections, byNode, missing, position, ms}
}

function targetOf({target, value}: Asked<'send'>): TargetJson {
  switch (target) {
    case 'everyone':
      return {everyone: true}
    case 'registered':
      return {registered: true}
    case 'user':
    case 'group':
    case 'session': {
      const ids = value.split(',').map((id) => id.trim()).filter((id) => id !== '')
      const json = {
        user: {user: ids}, group: {group: ids}, session: {session: ids},
      }[target]
      checkTarget(json)
      return json
    }
    default:
      return target satisfies never
  }
}

/** Throws TARGET_INVALID. */
function checkTarget(target: TargetJson): void {
  const read = targetFromJson(target)
  if (!read.ok) throw new WsmeshError('TARGET_INVALID', `Whom for? ${read.reason}`)
}

/** Throws DETAILS_INVALID. */
function detailsOf(text: string): unknown {
  if (text.trim() === '') return undefined
  const read = parseJson(text)
  if (read.ok) return read.value
  throw new WsmeshError('DETAILS_INVALID', `The details are no JSON: ${read.reason}`, {
    suggestions: ['"a text", 42, ["several", "arguments"] or {"an": "object"}'],
  })
}
