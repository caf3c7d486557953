/** Users whose tokens somebody else makes: from a file, or of a command that is asked for each. */
import {execFile} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import {promisify} from 'node:util'
import {isRecord, parseJson} from '../../protocol/json-text.js'
import {WsmeshError} from '../../util/errors.js'
import type {ForeignUser} from '../attack/job.js'
import {userName} from '../plan/audience.js'
import type {SiegeSettings} from '../settings.js'

const COMMAND_MS = 10_000
/** Commands that run at once. */
const AT_ONCE = 8
const run = promisify(execFile)

/** Undefined when the mesh's own secret makes the tokens. Rejects with a WsmeshError. */
export async function foreignUsers(
  {usersFile, tokenCommand, users}: Pick<SiegeSettings, 'usersFile' | 'tokenCommand' | 'users'>,
): Promise<readonly ForeignUser[] | undefined> {
  if (usersFile !== undefined) return usersOf(usersFile, users)
  if (tokenCommand !== undefined) return tokensOf(tokenCommand, users)
  return undefined
}

async function usersOf(file: string, count: number): Promise<readonly ForeignUser[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read the users from ${file}`, {cause: error})
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const found = lines.map((line, index) => userOf(line, `${file}:${index + 1}`))
  if (found.length >= count) return found.slice(0, count)
  throw new WsmeshError('INPUT_INVALID', `${file} has ${found.length} users, ${count} are needed`, {
    suggestions: [`--users ${found.length}`],
  })
}

function userOf(line: string, where: string): ForeignUser {
  const read = parseJson(line)
  const {user, token} = read.ok && isRecord(read.value) ? read.value : {}
  if (typeof token === 'string' && (typeof user === 'string' || typeof user === 'number')) {
    return {user: String(user), token}
  }
  throw new WsmeshError('INPUT_INVALID', `${where} is no user with a token`, {
    suggestions: ['one a line: {"user": "42", "token": "eyJ…"}'],
  })
}

async function tokensOf(command: string, count: number): Promise<readonly ForeignUser[]> {
  const made: ForeignUser[] = Array.from({length: count}, (_, user) => ({
    user: userName(user), token: '',
  }))
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const user = next
      next += 1
      made[user] = {user: userName(user), token: await tokenOf(command, userName(user))}
    }
  }
  await Promise.all(Array.from({length: AT_ONCE}, worker))
  return made
}

/** The user is given as $1, never as part of the command's text. */
async function tokenOf(command: string, user: string): Promise<string> {
  try {
    const {stdout} = await run('sh', ['-c', command, 'sh', user], {timeout: COMMAND_MS})
    const token = stdout.trim()
    if (token !== '' && !/\s/.test(token)) return token
  } catch (error) {
    throw new WsmeshError('INPUT_INVALID', `--token-command failed for ${user}`, {
      cause: error,
      suggestions: ["--token-command 'my-token-maker --user \"$1\"'   ($1 is the user)"],
    })
  }
  throw new WsmeshError('INPUT_INVALID', `--token-command printed no token for ${user}`)
}
