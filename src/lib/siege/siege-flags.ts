/** The flags of `wsmesh siege`. */
import {Flags} from '@oclif/core'
import {durationFlag, repeatable} from '../cli/flags.js'

const LOAD = 'LOAD'
const CLIENTS = 'CLIENTS'
const VERDICT = 'VERDICT'
const SOAK = 'SOAK'
const HOUR_MS = 3_600_000

function integer(options: {
  readonly min: number
  readonly max: number
  readonly summary: string
  readonly helpGroup: string
  readonly char?: 'c' | 'd'
}) {
  return Flags.integer({...options, helpValue: 'N'})
}

export function loadFlags() {
  return {
    rate: Flags.string({
      char: 'r', helpGroup: LOAD, helpValue: 'N', exclusive: ['per-connection-rate'],
      summary: 'messages per second in all (100), by an absolute schedule; 0: none',
    }),
    'per-connection-rate': Flags.string({
      helpGroup: LOAD, helpValue: 'N', summary: 'messages per second for each connection',
    }),
    time: durationFlag({
      char: 't', helpGroup: LOAD, default: 30_000, minMs: 100, maxMs: 30 * 24 * HOUR_MS,
      summary: 'how long the load lasts, the ramp included',
    }),
    'details-bytes': integer({
      char: 'd', helpGroup: LOAD, min: 56, max: 1_048_576,
      summary: 'size of the details of each message (100)',
    }),
    target: Flags.option({
      options: ['user', 'group', 'everyone', 'echo', 'mix'] as const, helpGroup: LOAD,
      helpValue: 'WHOM', summary: 'whom for: user, group, everyone, echo or mix (user)',
    })(),
    from: Flags.option({
      options: ['socket', 'http', 'outbox'] as const, default: 'socket', helpGroup: LOAD,
      helpValue: 'WAY', summary: 'how they are published: socket, http or outbox (rows of --pool)',
    })(),
    ramp: durationFlag({
      helpGroup: LOAD, minMs: 100, maxMs: HOUR_MS,
      summary: 'the rate rises for so long first; latencies of it do not count',
    }),
    stairs: Flags.boolean({
      helpGroup: LOAD, summary: 'raise the rate step by step, --time each, until it is too much',
    }),
    scenario: Flags.string({
      helpGroup: LOAD, helpValue: 'FILE',
      exclusive: ['stairs', 'ramp', 'rate', 'per-connection-rate'],
      summary: 'phases and mix from a file: JSON, or a module (see docs/SIEGE.md)',
    }),
    action: Flags.string({
      helpGroup: LOAD, default: 'siege', helpValue: 'NAME', summary: 'action of the messages',
    }),
    drain: durationFlag({
      helpGroup: LOAD, default: 5000, minMs: 0, maxMs: HOUR_MS,
      summary: 'how long what is missing is waited for',
    }),
  }
}

export function clientFlags() {
  return {
    connections: integer({
      char: 'c', helpGroup: CLIENTS, min: 1, max: 1_000_000,
      summary: 'clients (100, or --users times --tabs)',
    }),
    'connect-rate': Flags.string({
      helpGroup: CLIENTS, default: '500', helpValue: 'N', summary: 'connections opened per second',
    }),
    users: integer({
      helpGroup: CLIENTS, min: 1, max: 1_000_000,
      summary: 'different users (--connections / --tabs)',
    }),
    tabs: integer({
      helpGroup: CLIENTS, min: 1, max: 1000, summary: 'connections of each user (1)',
    }),
    churn: Flags.string({
      helpGroup: CLIENTS, default: '0', helpValue: 'PER-MINUTE',
      summary: 'connections per minute that leave and come back',
    }),
    'slow-readers': integer({
      helpGroup: CLIENTS, min: 0, max: 90,
      summary: 'percent of the connections that hardly read (0)',
    }),
    processes: integer({
      helpGroup: CLIENTS, min: 1, max: 64, summary: 'processes of the generator (1)',
    }),
    protocol: Flags.option({
      options: ['wsmesh', 'plain'] as const, default: 'wsmesh', helpGroup: CLIENTS,
      helpValue: 'NAME', summary: 'plain: any server that echoes what it gets',
    })(),
    nodes: integer({
      helpGroup: CLIENTS, min: 1, max: 20, summary: 'besiege a mesh of its own, with so many nodes',
    }),
    'users-file': Flags.string({
      helpGroup: CLIENTS, helpValue: 'FILE', exclusive: ['token-command', 'nodes'],
      summary: 'users of your own: one {"user", "token"} a line',
    }),
    'token-command': Flags.string({
      helpGroup: CLIENTS, helpValue: 'COMMAND', exclusive: ['nodes'],
      summary: 'a shell command that prints the token of user $1',
    }),
  }
}

const NO_LOAD = ['rate', 'per-connection-rate', 'stairs', 'scenario', 'ramp', 'threshold', 'fault',
  'processes', 'users-file', 'token-command']

export function soakFlags() {
  return {
    soak: Flags.boolean({
      helpGroup: SOAK, exclusive: NO_LOAD,
      summary: 'let connections of all kinds come and go, and judge whether memory leaks',
    }),
    cycles: Flags.integer({
      helpGroup: SOAK, min: 12, max: 100_000, helpValue: 'N', dependsOn: ['soak'],
      summary: 'cycles that are measured (20), each of -c visits at each node (1700)',
    }),
    hours: Flags.string({
      helpGroup: SOAK, helpValue: 'N', dependsOn: ['soak'],
      summary: 'go on with cycles for so long',
    }),
    'warm-up': Flags.integer({
      helpGroup: SOAK, min: 5, max: 10_000_000, helpValue: 'N', dependsOn: ['soak'],
      summary: 'visits at each node before anything is measured (until its caches are full)',
    }),
    kinds: Flags.string({
      helpGroup: SOAK, helpValue: 'LIST', dependsOn: ['soak'],
      summary: 'kinds of visits: clean,terminate,… (all; see docs/SIEGE.md)',
    }),
    failover: Flags.option({
      options: ['step-down', 'kill'] as const, helpGroup: SOAK, helpValue: 'HOW',
      dependsOn: ['soak'],
      summary: 'once meanwhile another node leads; kill: the master dies (with --nodes)',
    })(),
    'detection-limit': Flags.integer({
      helpGroup: SOAK, min: 1, max: 1_000_000, helpValue: 'BYTES', dependsOn: ['soak'],
      summary: 'INCONCLUSIVE where more than this (60) a connection would not be seen',
    }),
    'sample-url': Flags.string({
      helpGroup: SOAK, helpValue: 'URL', dependsOn: ['soak'],
      summary: 'with --protocol plain: a page that answers with sampleProcess()',
    }),
  }
}

export function verdictFlags() {
  return {
    threshold: repeatable({
      helpValue: 'TEXT', summary: "what must hold, again for more: 'latency.p99<50ms'",
    }),
    fault: repeatable({
      helpValue: 'NAME@TIME', summary: 'break the mesh meanwhile, kill-master@10s (with --nodes)',
    }),
    yes: Flags.boolean({
      helpGroup: VERDICT, summary: 'without --nodes: --fault may kill nodes on this machine',
    }),
    'abort-on-fail': Flags.boolean({
      helpGroup: VERDICT, summary: 'end as soon as a threshold cannot hold any more',
    }),
    compare: Flags.string({
      helpGroup: VERDICT, helpValue: 'FILE',
      summary: 'show what changed since the run whose --json report is in FILE',
    }),
    strict: Flags.boolean({
      helpGroup: VERDICT, summary: 'exit with 97 when the run proves nothing',
    }),
    ndjson: Flags.boolean({
      helpGroup: VERDICT, exclusive: ['json'],
      summary: 'a JSON line for each second, and the report last',
    }),
    progress: Flags.boolean({
      helpGroup: 'REPORT', default: true, allowNo: true,
      summary: 'show the run on stderr while it lasts',
    }),
    verbose: Flags.boolean({
      helpGroup: VERDICT, summary: 'with --nodes: warnings of their logs, on stderr',
    }),
  }
}
