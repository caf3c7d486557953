/** The application of examples/php, on PHP's built-in server: `await using app = await startPhp()`. */
import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {eventually} from './eventually.js'
import {freePort} from './free-port.js'

const ROOT = join(import.meta.dirname, '..', '..')

export interface PhpApp extends AsyncDisposable {
  readonly url: string
  /** Logs in by the page; the value of the session cookie. */
  logIn(user: number): Promise<string>
  /** Logs out by the page, which closes the tabs of the session. */
  logOut(session: string): Promise<void>
  /** What the pages and PHP itself said. */
  output(): string
}

/** `env`: what the pages find in their environment. */
export async function startPhp(env: Readonly<Record<string, string>>): Promise<PhpApp> {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-php-'))
  const port = await freePort()
  const command = `${process.execPath} ${join(ROOT, 'bin', 'run.js')}`
  const php = spawn(
    'php',
    ['-d', `session.save_path=${folder}`, '-S', `127.0.0.1:${port}`, '-t', 'examples/php'],
    {
      cwd: ROOT,
      env: {PATH: process.env['PATH'], PHP_CLI_SERVER_WORKERS: '4', WSMESH_COMMAND: command, ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  )
  let output = ''
  const add = (chunk: Buffer): void => void (output += chunk.toString())
  php.stdout.on('data', add)
  php.stderr.on('data', add)
  php.once('error', (error) => {
    output += `${error.message}\nRun: node test/setup-system.mjs\n`
  })
  const url = `http://127.0.0.1:${port}`
  await eventually(() => fetch(`${url}/auth.php`).then(() => true, () => false), {
    what: `PHP to answer; it said: ${output}`, timeoutMs: 15_000,
  })
  return {
    url,
    output: () => output,
    async logIn(user) {
      const body = new URLSearchParams({user: String(user)})
      const response = await fetch(`${url}/login.php`, {method: 'POST', body})
      const cookies = response.headers.getSetCookie().join('\n')
      // The last counts: the session gets a new id as its user logs in.
      const session = [...cookies.matchAll(/PHPSESSID=([^;]+)/g)].at(-1)?.[1]
      if (session === undefined) throw new Error(`No session: ${await response.text()} ${output}`)
      return session
    },
    async logOut(session) {
      const headers = {cookie: `theme=dark; PHPSESSID=${session}`}
      const response = await fetch(`${url}/logout.php`, {method: 'POST', headers})
      const text = await response.text()
      if (text !== 'Bye\n') throw new Error(`Not logged out: ${text} ${output}`)
    },
    async [Symbol.asyncDispose]() {
      await end(php)
      await rm(folder, {recursive: true, force: true})
    },
  }
}

/** With its workers: they are processes of its group. */
async function end(php: ChildProcess): Promise<void> {
  if (php.pid === undefined || php.exitCode !== null) return
  const closed = once(php, 'close')
  process.kill(-php.pid, 'SIGKILL')
  await closed
}
