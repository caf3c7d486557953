import type {ErrorCode} from '../../util/errors.js'
import type {Advice} from './advice.js'

/** Codes of the two things that wsmesh keeps in a database: the pool and the outbox. */
export type StoreCode = Extract<ErrorCode, `POOL_${string}`>
  | 'OUTBOX_DENIED' | 'OUTBOX_MISSING' | 'OUTBOX_UNREACHABLE' | 'OUTBOX_UNUSABLE'

const DOCTOR = 'wsmesh doctor   (asks the database for version, privileges and settings)'

export const POOL_ADVICE: Readonly<Record<StoreCode, Advice>> = {
  OUTBOX_DENIED: {
    what: 'The database of the outbox refuses the user, or lets it not do enough.',
    why: 'A wrong password (in a URL : / @ # ? % are percent-encoded), or a missing privilege.',
    todo: ['GRANT SELECT, INSERT, DELETE ON … TO that user   (both tables of the outbox)', DOCTOR],
  },
  OUTBOX_MISSING: {
    what: 'There is no table of the outbox in that database.',
    why: 'It was never made, or --outbox-url names another database.',
    todo: ['wsmesh outbox init   (makes it)', 'wsmesh outbox init --print   (the SQL)'],
  },
  OUTBOX_UNREACHABLE: {
    what: 'The database of the outbox does not answer.',
    why: 'It is down or not in reach from here, the database has another name, or another '
      + 'transaction holds locks for long. Rows wait; nothing is lost.',
    todo: ['wsmesh outbox status', 'SHOW FULL PROCESSLIST   (what runs for long)', DOCTOR],
  },
  OUTBOX_UNUSABLE: {
    what: 'The outbox is there and cannot be used.',
    why: 'Its columns are not as wsmesh makes them, a row holds what cannot be, or the database '
      + 'takes no writes, as replicas do.',
    todo: ['wsmesh outbox init --print   (how the tables have to be)',
      'Let --outbox-url, or --pool, name the primary'],
  },
  POOL_DAMAGED: {
    what: 'What the pool holds is not what this version of wsmesh writes.',
    why: 'Another version wrote it, a hand changed it, or the file is damaged or no pool at all.',
    todo: ['wsmesh --version   (the same on all servers?)',
      'Stop all nodes, remove tables or file, start again: they hold no messages'],
  },
  POOL_DENIED: {
    what: 'The pool store refuses the user, or something that it asked for.',
    why: 'A wrong password (in a URL : / @ # ? % are percent-encoded), a missing privilege, a '
      + 'file of another user, or a server that allows no MEMORY tables.',
    todo: [DOCTOR, 'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON database.* TO that user',
      '--pool mysql://…?engine=innodb   (where MEMORY is not allowed)'],
  },
  POOL_FOREIGN_HOST: {
    what: 'The file of the pool was made by another machine.',
    why: 'A shared disk or a copied folder. A file joins nodes of one machine only: its locks do '
      + 'not reach further.',
    todo: ['--pool mysql://user@host/database   (for several machines)',
      '--data-dir DIR   (a folder of this machine)'],
  },
  POOL_READ_ONLY: {
    what: 'The pool store takes no writes.',
    why: 'A replica, a disk that is full or read-only, or a members table that is full.',
    todo: ['Let --pool name the primary', 'df -h   (is the disk full?)',
      'wsmesh pool prune   (removes rows of nodes that are gone)'],
  },
  POOL_UNREACHABLE: {
    what: 'The pool store does not answer.',
    why: 'The database is down, restarts, or is not in reach from here. A mesh that runs goes on '
      + 'and delivers; only who is dead is not replaced until the store is back.',
    todo: [DOCTOR, 'wsmesh pool list --node ws://host:port   (past the pool)'],
  },
  POOL_URL_INVALID: {
    what: 'The URL of the pool cannot be used.',
    why: 'Neither mysql:// nor sqlite:, no name of a database, or an option that there is not.',
    todo: ['--pool mysql://user@host/database   or   --pool sqlite:/path/pool.db',
      'wsmesh config show   (where it comes from)'],
  },
}
