import {dirname} from 'node:path'

import {formatDuration} from '../util/duration.js'
import {
  type Check, error, NOT_USED, notChecked, type Problem, type Told, type Verdict, warning,
} from './check.js'
import type {
  ConfigFacts, Facts, FileFinding, FolderFacts, SecretFacts, TlsFacts,
} from './facts.js'

/** Less than this can be found by trying, from one recorded handshake. */
const SECRET_BITS_MIN = 100
const DAY_MS = 86_400_000
/** Of the file of --log-file. */
export const NO_ROOM = 'there is no room on its disk'
/** Time enough to renew by hand. */
export const CERTIFICATE_LEFT_MIN_MS = 14 * DAY_MS
const FREE_BYTES_MIN = 64 * 1024 ** 2
/** SQLite's locks do not hold there. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<string> = new Set([
  'nfs', 'nfs3', 'nfs4', 'cifs', 'smb2', 'smb3', 'smbfs', '9p', 'afs', 'ceph', 'glusterfs',
  'lustre', 'ocfs2', 'gfs2', 'beegfs', 'fuse.sshfs', 'fuse.s3fs', 'fuse.glusterfs', 'fuse.ceph',
  'fuse.ceph-fuse', 'fuse.rclone', 'fuse.gcsfuse', 'fuse.davfs', 'fuse.goofys',
])

export const FILE_CHECKS: readonly Check[] = [
  {
    id: 'secret',
    title: 'the mesh secret is there, hidden from others and long enough',
    judge: ({files, settings}) => judgeSecret(files.secret, settings.hasSqlitePool),
  },
  {
    id: 'data-folder',
    title: 'nobody else can change what is in the data folder, and there is room',
    judge: ({files: {dataDir, poolFolder}}) => {
      const isElsewhere = poolFolder !== undefined && poolFolder.path !== dataDir.path
      return [...judgeFolder(dataDir), ...(isElsewhere ? judgeRoom(poolFolder) : [])]
    },
  },
  {
    id: 'pool-file',
    title: 'the embedded pool is on a disk of this machine',
    judge: ({files}) =>
      files.poolFolder === undefined ? NOT_USED : judgePoolFolder(files.poolFolder),
  },
  {
    id: 'config-file',
    title: 'a configuration file with a password is hidden from others',
    judge: ({files}) => (files.config === undefined ? NOT_USED : judgeConfig(files.config)),
  },
  {
    id: 'api-keys',
    title: 'the file of API keys can be read, and nobody else can write it',
    judge: ({files}) => toldAs(files.apiKeys, 'no backend can use the HTTP API, or a node '
      + 'does not start'),
  },
  {
    id: 'certificate',
    title: 'the certificate holds, for two weeks at least, and has the names that are dialled',
    judge: ({files}) => judgeTls(files.tls),
  },
  {
    id: 'actions',
    title: 'the files of --actions are there, and can be read',
    judge: judgeActions,
  },
  {
    id: 'log-file',
    title: 'the file of --log-file can be written, and there is room',
    judge: ({files}) => judgeLogFile(files.logFile),
  },
]

function toldAs(told: Told | undefined, why: string): readonly Problem[] {
  return told === undefined ? [] : [error(told.message, why, ...told.suggestions)]
}

function judgeSecret(secret: SecretFacts, isMadeAtStart: boolean): Verdict {
  if (secret.type === 'bad') {
    const {code} = secret.told
    // The first start makes it.
    if (code === 'SECRET_MISSING' && isMadeAtStart) return []
    const why = code === 'SECRET_MISSING'
      ? 'the first start would make one, and nodes on other servers have another'
      : 'without it no node starts, and no command reaches one'
    return toldAs(secret.told, why)
  }
  const {source, bitsMax, count, isViewers} = secret
  const problems: Problem[] = []
  if (isViewers) {
    problems.push(error(
      `the secret of ${source} is a viewer's`,
      'no node starts with it, and commands may only look',
      "--secret-file FILE   (the mesh's own secret)",
    ))
  }
  if (bitsMax < SECRET_BITS_MIN) {
    problems.push(warning(
      `the mesh secret of ${source} can be guessed: at most ${Math.floor(bitsMax)} bits`,
      'who finds it may send to everybody, and be anybody',
      'openssl rand -base64 32   (a good one)',
      'wsmesh secret rotate   (changes it while the mesh runs)',
    ))
  }
  if (count > 1) {
    problems.push(warning(
      `a change of the mesh secret is not finished: ${count} are accepted`,
      'who has the old one is still let in',
      'wsmesh secret rotate --use, then --finish   (docs/OPERATIONS.md)',
    ))
  }
  return problems
}

function judgeFolder(folder: FolderFacts): readonly Problem[] {
  const {path, mode} = folder
  const isOpen = mode !== undefined && (mode & 0o022) !== 0 && (mode & 0o1000) === 0
  if (!isOpen) return judgeRoom(folder)
  return [
    error(
      `others can write into the data folder ${path} (mode ${(mode & 0o7777).toString(8)})`,
      'they can put their own secret or list of nodes there',
      `chmod go-w ${path}`,
    ),
    ...judgeRoom(folder),
  ]
}

function judgeRoom({path, freeBytes}: FolderFacts): readonly Problem[] {
  if (freeBytes === undefined || freeBytes >= FREE_BYTES_MIN) return []
  return [warning(
    `${Math.floor(freeBytes / 1024 ** 2)} MiB are left where ${path} is`,
    'the pool, an outbox or a list of nodes cannot be written when it is full',
    `df -h ${path}`,
  )]
}

function judgePoolFolder({path, fileSystem}: FolderFacts): Verdict {
  if (fileSystem === undefined) return notChecked(`the file system of ${path} is not known`)
  if (!NETWORK_FILE_SYSTEMS.has(fileSystem)) return []
  return [error(
    `the embedded pool is on a network file system (${fileSystem}): ${path}`,
    'its locks do not hold there: two masters, or a damaged file',
    '--data-dir with a folder of a local disk',
    '--pool mysql://…   (when nodes are on several machines)',
  )]
}

function judgeConfig({path, mode, hasPassword}: ConfigFacts): Verdict {
  if (!hasPassword || (mode & 0o044) === 0) return []
  return [warning(
    `others can read the password in ${path} (mode ${(mode & 0o777).toString(8)})`,
    'every user of this machine can write to the pool, and so decide who is master',
    `chmod 600 ${path}`,
  )]
}

function judgeTls(tls: TlsFacts | undefined): Verdict {
  if (tls === undefined) return NOT_USED
  if (tls.type === 'bad') {
    return toldAs(tls.told, 'no node starts, and no command reaches one')
  }
  const leftMs = tls.validToMs - tls.nowMs
  const problems: Problem[] = []
  if (leftMs < CERTIFICATE_LEFT_MIN_MS) {
    problems.push(warning(
      `the certificate in ${tls.path} ends in ${formatDuration(leftMs)}`,
      'from then on nodes and clients refuse the connection',
      'Renew it: nodes read the file again by themselves',
    ))
  }
  if (tls.missing.length > 0) {
    problems.push(error(
      `the certificate in ${tls.path} is not for ${tls.missing.join(', ')}`,
      'whoever dials that refuses it: nodes do not find each other',
      'A certificate with that name or address (subjectAltName)',
      '--node-url with a name that the certificate has',
    ))
  }
  return problems
}

function judgeLogFile(found: FileFinding | undefined): Verdict {
  if (found === undefined) return NOT_USED
  const {path, wrong} = found
  if (wrong === undefined) return []
  if (wrong === NO_ROOM) {
    return [error(`--log-file ${path}: ${wrong}`, 'what nodes say of themselves is lost',
      `df -h ${dirname(path)}`, 'logrotate, and SIGUSR2 to have the file opened again')]
  }
  return [error(
    `--log-file ${path}: ${wrong}`,
    'a node does not start',
    `ls -ld ${dirname(path)}, and run the node as a user who may write there`,
  )]
}

function judgeActions({files}: Facts): Verdict {
  if (files.actions.length === 0) return NOT_USED
  return files.actions.flatMap(({path, wrong, isInFolder}) => wrong === undefined ? [] : [error(
    `--actions ${path}: ${wrong}`,
    isInFolder === true ? 'a node starts without it: its actions are answered 404'
      : 'a node does not start',
    wrong.includes('SyntaxError') ? `node --check ${path}` : `ls -l ${path}`,
  )])
}
