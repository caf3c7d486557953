import type {SurveyedNode} from '../operator/pool-survey.js'
import {type Check, error, notChecked, type Problem, type Verdict, warning} from './check.js'
import type {Facts, MeshFacts} from './facts.js'
import {aheadText} from './store-checks.js'

/** Tokens and sessions end by the clock of the node that is asked. */
const CLOCK_MAX_MS = 5000

type Asked = Extract<MeshFacts, {readonly type: 'asked'}>

export const MESH_CHECKS: readonly Check[] = [
  ofMesh('mesh-secret', 'the nodes have this secret', ({survey}) =>
    survey.nodes.flatMap(({id, why}) => why?.includes('another mesh secret') === true
      ? [otherSecret(`node ${id} has`)] : [])),
  ofMesh('nodes-answer', 'every node of the pool answers', ({survey}) =>
    survey.nodes.flatMap(judgeAnswer), canDial),
  ofMesh('duplicate-addresses', 'no two nodes have one address', judgeDuplicates),
  ofMesh('one-master', 'there is one master', judgeMaster),
  ofMesh('versions', 'all nodes are of this version', judgeVersions),
  ofMesh('clocks', "the nodes' clocks agree with this machine's", judgeClocks),
]

/** What is told of the files of TLS keeps every node from being dialled. */
function canDial({files}: Facts): string | undefined {
  return files.tls?.type === 'bad' ? 'with this certificate no node can be dialled' : undefined
}

/** `whyNot`: what has to be well before, or the finding would be about that. */
function ofMesh(
  id: string, title: string, judge: (mesh: Asked, facts: Facts) => Verdict,
  whyNot: (facts: Facts) => string | undefined = () => undefined,
): Check {
  return {
    id,
    title,
    judge: (facts) => {
      const {mesh} = facts
      const before = whyNot(facts)
      if (before !== undefined) return notChecked(before)
      if (mesh.type === 'asked' && mesh.survey.nodes.length === 0) {
        return notChecked('no node is running')
      }
      if (mesh.type === 'asked') return judge(mesh, facts)
      if (mesh.type === 'not asked') return notChecked(mesh.why)
      if (mesh.told.code === 'AUTH_REJECTED') {
        return id === 'mesh-secret' ? [otherSecret('the nodes of this pool have')]
          : notChecked('the nodes have another secret')
      }
      return notChecked(mesh.told.message)
    },
  }
}

function otherSecret(who: string): Problem {
  return error(
    `${who} another mesh secret than this machine`,
    'a node started here would not be let in, and no command of here is',
    'Copy the file of the secret from a server whose nodes are in the mesh, mode 600',
    'wsmesh config show   (where the secret comes from)',
  )
}

function judgeAnswer({id, url, state, why}: SurveyedNode): readonly Problem[] {
  const reason = why === undefined ? '' : `: ${why}`
  switch (state) {
    case 'up':
    case 'draining':
      return []
    case 'isolated':
      return [error(
        `node ${id} is isolated`,
        'it cannot reach the master and takes no clients; the mesh goes on without it',
        `Look at the way from it to the other nodes, and at its log: ${url}`,
      )]
    case 'stale':
      return [warning(
        `node ${id} is in the pool and is gone${reason}`,
        'the master removes its row within a minute; where it stays, two nodes share an address',
        'wsmesh pool prune',
      )]
    case 'unreachable':
      return why?.includes('another mesh secret') === true ? [] : [error(
        `node ${id} at ${url} does not answer from here${reason}`,
        'where a node cannot be dialled by the others, it is no copy and is waited for',
        'Is the port open between the servers? Does --node-url of that node name it rightly?',
      )]
    default:
      return state satisfies never
  }
}

function judgeDuplicates({survey}: Asked): Verdict {
  return [...groupByUrl(survey.nodes)].flatMap(([url, nodes]) => nodes.length < 2 ? [] : [error(
    `${nodes.map(({id}) => id).join(' and ')} both say that they are at ${url}`,
    'who dials one may reach the other: links break again and again',
    '--node-url with an address of its own for each node, never that of a balancer',
    'wsmesh pool prune   (where one of them is the row of a dead node)',
  )])
}

function groupByUrl(nodes: readonly SurveyedNode[]): Map<string, SurveyedNode[]> {
  const byUrl = new Map<string, SurveyedNode[]>()
  for (const node of nodes) byUrl.set(node.url, [...(byUrl.get(node.url) ?? []), node])
  return byUrl
}

function judgeMaster({survey}: Asked): Verdict {
  const masters = survey.nodes.filter(({stats}) => stats?.role === 'master')
  const answering = survey.nodes.filter(({stats}) => stats !== undefined)
  if (masters.length > 1) {
    const names = masters.map(({id, stats}) => `${id} (term ${stats?.term})`).join(' and ')
    return [error(
      `${names} both say that they are master`,
      'one was replaced and does not know it yet, which is a matter of seconds; '
        + 'or they have two different pools',
      'wsmesh pool list --watch   (whether it lasts)',
    )]
  }
  const isNats = answering.some(({stats}) => stats?.relay === 'nats')
  if (masters.length > 0 || answering.length === 0 || isNats) return []
  return [error(
    'no node is master',
    'messages wait in outboxes, and are refused when those are full',
    'wsmesh pool list --watch   (whether it lasts); docs/OPERATIONS.md, "What happens"',
  )]
}

function judgeVersions({survey}: Asked, {settings}: Facts): Verdict {
  const versions = new Map<string, string[]>()
  for (const {id, stats} of survey.nodes) {
    if (stats === undefined) continue
    versions.set(stats.version, [...(versions.get(stats.version) ?? []), id])
  }
  versions.set(settings.version, [...(versions.get(settings.version) ?? []), 'this machine'])
  if (versions.size < 2) return []
  const list = [...versions].map(([version, ids]) => `${version} (${ids.join(', ')})`)
  return [warning(
    `different versions of wsmesh: ${list.join('; ')}`,
    'fine while an upgrade is under way, and only then',
    'Upgrade the others, one after the other (docs/OPERATIONS.md, "Stopping and upgrading")',
  )]
}

function judgeClocks({clocksAheadMs}: Asked): Verdict {
  return Object.entries(clocksAheadMs)
    .filter(([, aheadMs]) => Math.abs(aheadMs) >= CLOCK_MAX_MS)
    .map(([id, aheadMs]) => warning(
      `the clock of node ${id} is ${aheadText(aheadMs)} that of this machine`,
      'tokens end too early or too late there by as much, and are refused before their time',
      'timedatectl set-ntp true   (on both)',
    ))
}
