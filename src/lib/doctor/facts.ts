import type {Survey} from '../operator/pool-survey.js'
import type {PoolAddress} from '../pool/pool-url.js'
import type {Told} from './check.js'

/** All that is known when checks begin: gathered by gather-*.ts, judged by *-checks.ts. */
export interface Facts {
  readonly settings: Settings
  readonly machine: MachineFacts
  readonly files: FileFacts
  readonly store: StoreFacts
  readonly mesh: MeshFacts
  /** Undefined: no public URL is known. */
  readonly front: FrontFacts | undefined
  /** Of the application, as far as settings name something of it. */
  readonly application: ApplicationFacts
}

/** What a node of this machine is started with, as far as checks need it. */
export interface Settings {
  readonly version: string
  readonly host: string
  readonly port: number
  readonly nodeUrl: string | undefined
  readonly publicUrl: string | undefined
  readonly pool: PoolAddress
  readonly hasSqlitePool: boolean
  readonly clientsMax: number
  readonly sessionCookie: string | undefined
  readonly origins: readonly string[]
  readonly trustedProxies: readonly string[]
  /** Pages that must be let in, as the command was told. */
  readonly pages: readonly string[]
  readonly hasOutbox: boolean
  readonly hasNodeListener: boolean
  /** In the environment, and no setting; `meant`: the one that is like it. */
  readonly strayVariables: readonly {readonly name: string; readonly meant: string | undefined}[]
}

export interface MachineFacts {
  /** "20.19.1" */
  readonly nodeVersion: string
  /** Files and sockets that a process may have open; undefined: no limit, or not known. */
  readonly filesMax: number | undefined
  readonly places: readonly PlaceFacts[]
  /** Of --node-url, or why there are none; undefined: it names none, or an address. */
  readonly nodeName: NameFacts | undefined
  /** Nodes of the mesh that run on this machine. */
  readonly processes: readonly ProcessFacts[]
}

/** What this machine knows of a name. */
export interface NameFacts {
  readonly name: string
  readonly addresses: readonly string[]
  /** "ENOTFOUND", where there are none. */
  readonly code: string | undefined
}

/** Where a node of this machine is to listen. */
export interface PlaceFacts {
  readonly flag: string
  /** "127.0.0.1:8080" */
  readonly place: string
  /** ours: a node of this mesh listens there. */
  readonly state: 'free' | 'ours' | 'taken' | 'denied' | 'no-address' | 'unknown'
  /** "pid 4711 (nginx)", where it is taken and known. */
  readonly owner: string | undefined
}

export interface ProcessFacts {
  readonly id: string
  readonly pid: number
  readonly filesMax: number | undefined
  readonly filesOpen: number | undefined
}

export interface FileFacts {
  readonly secret: SecretFacts
  readonly dataDir: FolderFacts
  /** Of the embedded pool; undefined: the pool is a server's. */
  readonly poolFolder: FolderFacts | undefined
  readonly config: ConfigFacts | undefined
  /** Undefined: fine, or there are none. */
  readonly apiKeys: Told | undefined
  readonly tls: TlsFacts | undefined
  /** Of --actions: what is wrong with each. */
  readonly actions: readonly FileFinding[]
  /** Of --log-file. */
  readonly logFile: FileFinding | undefined
}

/** `wrong`: what keeps a node from using it. */
export interface FileFinding {
  readonly path: string
  readonly wrong: string | undefined
  /** One of a folder: a node starts without it. */
  readonly isInFolder?: boolean
}

export type SecretFacts =
  | {
      readonly type: 'fine'
      readonly source: string
      /** More than one while it is being changed. */
      readonly count: number
      /** No guess needs more than 2 to this tries. */
      readonly bitsMax: number
      readonly isViewers: boolean
    }
  | {readonly type: 'bad'; readonly told: Told}

export interface FolderFacts {
  readonly path: string
  /** Permission bits; undefined where it does not exist. */
  readonly mode: number | undefined
  /** "ext4", "nfs4" */
  readonly fileSystem: string | undefined
  readonly freeBytes: number | undefined
}

export interface ConfigFacts {
  readonly path: string
  readonly mode: number
  readonly hasPassword: boolean
}

export type TlsFacts =
  | {
      readonly type: 'fine'
      readonly path: string
      readonly validToMs: number
      /** Names and addresses that others dial and the certificate has not. */
      readonly missing: readonly string[]
      readonly nowMs: number
    }
  | {readonly type: 'bad'; readonly told: Told}

export type StoreFacts =
  | {readonly type: 'failed'; readonly told: Told}
  | {readonly type: 'sqlite'}
  | MysqlFacts

export interface MysqlFacts {
  readonly type: 'mysql'
  /** Of the server, as SHOW GLOBAL VARIABLES names them; those that it does not know are absent. */
  readonly variables: Readonly<Record<string, string>>
  readonly status: Readonly<Record<string, string>>
  /** Lines of SHOW GRANTS. */
  readonly grants: readonly string[]
  readonly tables: readonly TableFacts[]
  /** The best of three. */
  readonly latencyMs: number
  /** How far its clock is ahead of this machine's. */
  readonly clockAheadMs: number
  /** Rows of a MEMORY table that fit in what a new one may have. */
  readonly rowsMax: number
}

export interface TableFacts {
  /** Without the prefix: "members", "lease". */
  readonly name: string
  readonly engine: string
  readonly rowsMax: number | undefined
}

export type MeshFacts =
  | {readonly type: 'failed'; readonly told: Told}
  | {readonly type: 'not asked'; readonly why: string}
  | {
      readonly type: 'asked'
      readonly survey: Survey
      /** By node id: how far its clock is ahead of this machine's, at least. */
      readonly clocksAheadMs: Readonly<Record<string, number>>
    }

export interface FrontFacts {
  readonly url: string
  readonly upgrade: UpgradeFacts
  /** Undefined: the URL does not speak TLS, or there was no answer. */
  readonly certificateToMs: number | undefined
  readonly nowMs: number
  readonly session: FrontSession
  /** What was answered to a page of each origin. */
  readonly origins: readonly {readonly origin: string; readonly answer: UpgradeFacts}[]
  /** A page of nobody's, with the cookie that is the proof; undefined: not tried. */
  readonly stranger: UpgradeFacts | undefined
  /** Undefined: a node itself is at this URL. */
  readonly exposed: readonly string[] | undefined
}

export type UpgradeFacts =
  | {readonly type: 'upgraded'}
  /** Plain HTTP instead. */
  | {readonly type: 'answered'; readonly status: number; readonly server: string | undefined}
  | {readonly type: 'failed'; readonly code: string; readonly message: string}

/** A connection through the public URL that proved itself and then kept silent. */
export type FrontSession =
  | {readonly type: 'not tried'; readonly why: string}
  | {readonly type: 'refused'; readonly why: string}
  /** It was opened, and no answer came to what it said. */
  | {readonly type: 'silent'; readonly afterMs: number}
  /** It lived until its node pinged it. */
  | {readonly type: 'pinged'; readonly pingMs: number}
  /** Closed before. */
  | {readonly type: 'cut'; readonly afterMs: number; readonly pingMs: number; readonly code: number}
  | {readonly type: 'no ping'; readonly afterMs: number; readonly pingMs: number}

export interface ApplicationFacts {
  readonly outbox: OutboxFacts | undefined
  /** --auth-url and --auth-sql-url, what is wrong with them. */
  readonly sources: readonly {readonly flag: string; readonly told: Told | undefined}[]
  /** Of --webhook and --webhook-events. */
  readonly webhooks: readonly {readonly url: string; readonly told: Told | undefined}[]
}

export type OutboxFacts =
  | {readonly type: 'failed'; readonly told: Told}
  | {readonly type: 'read'; readonly waiting: number; readonly aside: number;
      readonly oldestMs: number | undefined}

