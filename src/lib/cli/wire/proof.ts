import {readFile} from 'node:fs/promises'

import {Flags} from '@oclif/core'

import {WsmeshError} from '../../util/errors.js'
import {repeatable} from '../flags.js'
import {makeToken} from '../make-token.js'
import type {Proof} from './client-wire.js'

/**
 * Who a client is said to be. A token, session or cookie is never a flag itself: it would show in
 * the process list, and stay in the shell's history.
 */
export function proofFlags() {
  const group = {helpGroup: 'PROOF'}
  const ways = ['user', 'token-file', 'session-file', 'cookie-file']
  const way = (name: string) => ({...group, exclusive: ways.filter((other) => other !== name)})
  return {
    user: Flags.string({
      char: 'u', helpValue: 'ID', ...way('user'),
      summary: 'as this user, by a token that is made with the mesh secret',
    }),
    group: repeatable({
      char: 'g', helpValue: 'NAME', summary: "one of the user's groups (repeatable)",
      dependsOn: ['user'], ...group,
    }),
    'token-file': Flags.string({
      helpValue: 'FILE', summary: 'with the token in this file', ...way('token-file'),
    }),
    'session-file': Flags.string({
      helpValue: 'FILE', summary: 'with the session in this file', ...way('session-file'),
    }),
    'cookie-file': Flags.string({
      helpValue: 'FILE', summary: 'with the Cookie header in this file: name=value; …',
      ...way('cookie-file'),
    }),
    origin: Flags.string({
      helpValue: 'ORIGIN', summary: 'as a page of https://example.com', ...group,
    }),
  }
}

export interface ProofFlagValues {
  readonly user?: string | undefined
  readonly group?: readonly string[] | undefined
  readonly 'token-file'?: string | undefined
  readonly 'session-file'?: string | undefined
  readonly 'cookie-file'?: string | undefined
  readonly 'data-dir'?: string | undefined
  readonly 'secret-file'?: string | undefined
}

const TOKEN_MS = 3_600_000

/** Nothing to prove with: a guest, where guests are let in. */
const GUEST: Proof = {label: 'a guest', fields: {}, cookie: undefined}

/**
 * The proof that the flags describe; called again for each connection, since tokens end and files
 * may say something newer. Rejects as makeToken, and with FILE_UNREADABLE.
 */
export async function proofOf(flags: ProofFlagValues): Promise<Proof> {
  const {user, group = []} = flags
  if (user !== undefined) {
    const {token} = await makeToken({
      user, groups: group, session: undefined, ttlMs: TOKEN_MS,
      dataDir: flags['data-dir'], secretFile: flags['secret-file'], env: process.env,
      mayMake: false,
    })
    return {label: `user ${user}`, fields: {token}, cookie: undefined}
  }
  const tokenFile = flags['token-file']
  if (tokenFile !== undefined) {
    const token = await lineOf(tokenFile, '--token-file')
    return {label: `whom the token in ${tokenFile} names`, fields: {token}, cookie: undefined}
  }
  const sessionFile = flags['session-file']
  if (sessionFile !== undefined) {
    const session = await lineOf(sessionFile, '--session-file')
    return {label: `whose session is in ${sessionFile}`, fields: {session}, cookie: undefined}
  }
  const cookieFile = flags['cookie-file']
  if (cookieFile === undefined) return GUEST
  const cookie = (await lineOf(cookieFile, '--cookie-file')).replace(/^cookie:\s*/i, '')
  return {label: `whose cookie is in ${cookieFile}`, fields: {}, cookie}
}

async function lineOf(path: string, flag: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `${flag}: cannot read ${path}`, {
      cause: error, suggestions: [`ls -l ${path}`],
    })
  }
  const line = text.trim()
  if (line !== '' && !/\p{Cc}/u.test(line)) return line
  const why = line === '' ? 'is empty' : 'has more than one line'
  throw new WsmeshError('INPUT_INVALID', `${flag}: ${path} ${why}`, {
    suggestions: [`wsmesh token --user 42 > ${path}`],
  })
}
