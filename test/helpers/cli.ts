/** The command line as people run it: its own process, none of the caller's settings. */
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {eventually, within} from './eventually.js'

/** WSMESH_TEST_BIN: an installed wsmesh is tested instead of the checkout's. */
export const BIN = process.env['WSMESH_TEST_BIN'] ?? join(import.meta.dirname, '..', '..', 'bin', 'run.js')

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Another wsmesh than that of the other tests. */
  readonly bin?: string
  /** What is piped in; without it stdin is empty. */
  readonly input?: string
  readonly timeoutMs?: number
}

export interface CliResult {
  /** As a shell shows it: 128 and the signal's number for a process that was killed. */
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

const SIGNALS: Readonly<Record<string, number>> = {SIGINT: 130, SIGKILL: 137, SIGTERM: 143}

export async function runCli(
  args: readonly string[],
  {input = '', timeoutMs = 20_000, ...options}: CliOptions = {},
): Promise<CliResult> {
  const cli = startCli(args, options)
  cli.child.stdin?.end(input)
  try {
    const exit = await within(cli.exit, `wsmesh ${args.join(' ')} to end`, timeoutMs)
    return {exit, stdout: cli.stdout(), stderr: cli.stderr()}
  } finally {
    cli.child.kill('SIGKILL')
  }
}

export interface RunningCli extends AsyncDisposable {
  readonly child: ChildProcess
  readonly exit: Promise<number>
  stdout(): string
  stderr(): string
  /** Waits until stdout or stderr has the text. */
  says(text: string | RegExp): Promise<void>
}

/** A command that goes on: `await using tail = startCli(['tail'])`. */
export function startCli(
  args: readonly string[],
  {env = {}, cwd, bin = BIN}: CliOptions = {},
): RunningCli {
  const child = spawn(process.execPath, [bin, ...args], {
    env: {...cleanEnvironment(), ...env},
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const texts = {stdout: '', stderr: ''}
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text))
  // A command that ends before it read its input is no failure of the test.
  child.stdin.on('error', () => undefined)
  const exit = once(child, 'close').then(([code, signal]) =>
    typeof code === 'number' ? code : (SIGNALS[String(signal)] ?? 1),
  )
  return {
    child,
    exit,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    async says(text) {
      const found = () => {
        const all = `${texts.stdout}\n${texts.stderr}`
        return typeof text === 'string' ? all.includes(text) : text.test(all)
      }
      await eventually(found, {
        what: `${String(text)} from wsmesh ${args.join(' ')}`,
        timeoutMs: 15_000,
      })
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(WSMESH_|NO_COLOR|FORCE_COLOR|CLICOLOR|NODE_ENV|NODE_OPTIONS|VITEST)/.test(name),
  )
  // Nor the contexts of whoever runs the tests.
  return {...Object.fromEntries(kept), XDG_CONFIG_HOME: '/dev/null'}
}
