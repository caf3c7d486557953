import type {ErrorCode} from '../../util/errors.js'
import type {Advice} from './advice.js'
import {RELAY_ADVICE} from './relay-advice.js'
import {POOL_ADVICE} from './store-advice.js'

const CONFIG_SHOW = 'wsmesh config show   (every setting, and where it comes from)'
const POOL_LIST = 'wsmesh pool list   (who is up, and who is master)'
const DOCTOR = 'wsmesh doctor   (looks at all that is set up here)'

const OF_NODES = {
  ADDRESS_IN_USE: {
    what: 'Another process has the port or the socket that was asked for.',
    why: 'Mostly a node that still runs: of another terminal, of systemd, or of the demo.',
    todo: ['wsmesh serve --port 0   (any free port)', 'ss -ltnp   (who has which port)'],
  },
  ADDRESS_NOT_AVAILABLE: {
    what: 'This machine cannot listen at that address.',
    why: 'The address belongs to no interface here, a port below 1024 needs a privilege, or the '
      + 'path of a unix socket is too long or in a folder that is not there.',
    todo: ['wsmesh serve --host 0.0.0.0   (all addresses of this machine)',
      'ip address   (which ones it has)'],
  },
  BUG: {
    what: 'A bug: wsmesh itself went wrong.',
    why: 'Something happened that its authors held to be impossible.',
    todo: ['WSMESH_DEBUG=1 wsmesh …   (prints where it happened)',
      'Report it with that output: npm bugs wsmesh'],
  },
  BUILD_MISSING: {
    what: 'A part of wsmesh has not been built.',
    why: 'A clone of the sources, or a build that was interrupted.',
    todo: ['npm ci && npm run build'],
  },
  NODE_FAILED: {
    what: 'Something that was started or asked did not do its work.',
    why: 'A node ended while it started, a process did not stop when it was told to, or the '
      + "application's database or page failed. The reasons below the message are its own words.",
    todo: ['wsmesh serve --log-level debug   (in a terminal, to see why it ends)', DOCTOR],
  },
  NODE_REFUSED: {
    what: 'The node does not do what it was asked to, and says why.',
    why: 'It is the only node, so that its clients would find no other and nobody could lead; or '
      + 'nothing is known that would start it again after a restart.',
    todo: ['--yes   (all the same; nobody can be made to take over, though)',
      'wsmesh serve --supervise   (a node that is started again)'],
  },
  NODE_UNREACHABLE: {
    what: 'No node answers.',
    why: 'None runs, a firewall is between, the pool or --node names addresses that cannot be '
      + 'dialled from here, or what answers there is no node.',
    todo: [POOL_LIST, 'wsmesh serve   (a node on this machine)',
      '--pool URL or --node ws://host:port   (if the mesh is elsewhere)'],
  },
  NODES_MISSING: {
    what: 'Fewer nodes answer than --expect says.',
    why: 'A node ended or hangs, or cannot be reached from here.',
    todo: [`${POOL_LIST}, and why not`],
  },
  OUTBOX_FULL: {
    what: 'The node takes no more messages at the moment; this one was not sent.',
    why: 'The mesh has no master, or is slower than its publishers, so that messages wait: '
      + '100,000 or 64 MiB at most.',
    todo: [POOL_LIST, 'Send it again, with the same --id: it is delivered once'],
  },
  PROTOCOL_VERSION_UNSUPPORTED: {
    what: 'This wsmesh and the node speak different versions of the protocol.',
    why: 'One of them is too old for the other.',
    todo: ['wsmesh --version   (here and on the nodes: install the same)'],
  },
  RECEIPT_TIMED_OUT: {
    what: 'The message was sent, and nobody knows yet whether it was delivered.',
    why: 'The mesh has no master at the moment, or a node does not answer. The message waits '
      + 'and may still be delivered.',
    todo: [POOL_LIST, 'wsmesh explain ID   (what became of it)',
      'wsmesh send … --id ID   (again under the same id: it is delivered once)'],
  },
  TIMED_OUT: {
    what: 'There was no answer in time.',
    why: 'The other side hangs or is overloaded, or the way to it is cut without a word.',
    todo: [POOL_LIST, '--timeout 30s   (wait longer)'],
  },
} satisfies Partial<Record<ErrorCode | 'BUG', Advice>>

const OF_ACCESS = {
  AUTH_REJECTED: {
    what: 'The other side does not accept who this is.',
    why: 'The nodes were started with another mesh secret, or the database of --auth-sql-url '
      + 'refuses its user.',
    todo: ['--secret-file FILE   (the one that the nodes were started with)', CONFIG_SHOW],
  },
  NOT_ALLOWED: {
    what: 'Whoever asks may not do this.',
    why: "A viewer's secret looks and does nothing; or what was asked for is refused as it would "
      + 'do harm, such as the row of a node that may live.',
    todo: ["--secret-file FILE   (the mesh's own secret, not a viewer's)"],
  },
  SECRET_INVALID: {
    what: 'The mesh secret, or the secret of tokens, cannot be used.',
    why: 'It is too short, others can read its file, the file is empty, or it is the secret of '
      + 'a viewer where the mesh\'s own is needed.',
    todo: ['chmod 600 FILE', 'openssl rand -base64 32   (makes one)', CONFIG_SHOW],
  },
  SECRET_MISSING: {
    what: 'There is no mesh secret where it was looked for.',
    why: 'No node has run with this data folder yet (the first one makes the secret), or the '
      + 'mesh is elsewhere and has its own.',
    todo: ['--secret-file FILE, or WSMESH_SECRET_FILE   (the secret of the mesh)', CONFIG_SHOW],
  },
  TLS_INVALID: {
    what: 'The certificate or its key cannot be used.',
    why: 'Not PEM, a key of another certificate, one that has ended or was not made for this, '
      + 'or one without the other.',
    todo: ['openssl x509 -noout -subject -dates -in CERT', DOCTOR],
  },
} satisfies Partial<Record<ErrorCode | 'BUG', Advice>>

const OF_INPUT = {
  ACTIONS_INVALID: {
    what: 'A module of --actions cannot be used.',
    why: 'It throws while it is loaded or started, or has no function as its default export.',
    todo: ['node FILE   (shows the whole error)',
      "export default (mesh) => { mesh.on('hello', async ({details, reply}) => {…}) }"],
  },
  CONFIG_INVALID: {
    what: 'A setting has a value that it cannot have, or goes with none of the others.',
    why: 'The message names flag, variable or file, and what is allowed.',
    todo: [CONFIG_SHOW, DOCTOR],
  },
  DETAILS_INVALID: {
    what: 'The details of a message cannot be sent.',
    why: 'No JSON, more than 64 KiB of it, nested too deeply, or a number that is none (NaN).',
    todo: ['Send a link to big data, not the data', "wsmesh send ACTION --json-details '[1, 2]'"],
  },
  FILE_UNREADABLE: {
    what: 'A file that was named cannot be read.',
    why: 'It is not there, or belongs to another user. Paths on the command line are relative '
      + "to the current folder, those of wsmesh.config.json to the file's.",
    todo: ['ls -l FILE', CONFIG_SHOW],
  },
  FILE_UNWRITABLE: {
    what: 'A file cannot be written.',
    why: 'Its folder is not there or belongs to another user, or the disk is full.',
    todo: ['ls -ld FOLDER', 'df -h FOLDER'],
  },
  INPUT_INVALID: {
    what: 'An input of the command cannot be understood.',
    why: 'A line of stdin, or a file such as a report or a list of users, is not as it has to '
      + 'be; the message says which and why.',
    todo: ['Put the line or the file right that the message names'],
  },
  REQUEST_INVALID: {
    what: 'The node refuses the request, or this wsmesh does not send it.',
    why: 'A name of an action that belongs to the protocol (Client/…), an id that is too long, '
      + 'or a node of another version.',
    todo: ['wsmesh --version   (here and on the node)', 'Choose another name for the action'],
  },
  TARGET_INVALID: {
    what: 'Nobody can tell whom the message is for.',
    why: 'No target, two of them, or an id that is empty or longer than 255 bytes.',
    todo: ['{"user": 42}, {"group": "staff"}, {"everyone": true}   (one of them)',
      'wsmesh send --help'],
  },
  USAGE: {
    what: 'The command was called in a way that it does not understand.',
    why: 'A flag or argument that is missing, unknown or wrong; the message says which.',
    todo: ['wsmesh help COMMAND   (begins with examples)', 'wsmesh help environment'],
  },
} satisfies Partial<Record<ErrorCode | 'BUG', Advice>>

/** Every code of an error that commands print in brackets: a new one does not compile without. */
export const ERROR_ADVICE: Readonly<Record<ErrorCode | 'BUG', Advice>> = {
  ...POOL_ADVICE,
  ...RELAY_ADVICE,
  ...OF_NODES,
  ...OF_ACCESS,
  ...OF_INPUT,
}
