import {Command, type Interfaces} from '@oclif/core'
import type {ChalkInstance} from 'chalk'

import {WsmeshError} from '../util/errors.js'
import {coloursFor, colourModeOf} from './colours.js'
import {readConfigFile} from './config-file.js'
import {applySettings, type ChosenContext} from './context/apply-context.js'
import {readContexts} from './context/context-file.js'
import {confirmProduction, contextLine} from './context/production.js'
import {failureJson, failureOf, renderFailure} from './failure.js'
import {blamingVariable} from './flag-source.js'
import {colorFlag, jsonFlag} from './flags.js'

/**
 * What all commands share: `--json` and `--color`, the configuration file, errors as what, why and
 * try with a stable code, and exit statuses that `--json` does not change (oclif alone makes
 * them 1).
 *
 * A command returns what `--json` prints; undefined if it printed its stream itself with `line`.
 * What a person reads goes through `print`, which is silent under `--json`.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {color: colorFlag(), json: jsonFlag()}
  /** Names of the fields that `--json` prints, for the help. */
  static jsonFields: readonly string[] = []

  /** What it does that nobody does to production by mistake: "closes connections". */
  static danger: string | ((flags: Readonly<Record<string, unknown>>) => string | undefined) = () =>
    undefined

  #context: ChosenContext | undefined
  #out: ChalkInstance | undefined
  #err: ChalkInstance | undefined

  /** Colours for stdout. */
  protected get out(): ChalkInstance {
    this.#out ??= coloursFor(process.stdout, colourModeOf(this.argv, process.env), process.env)
    return this.#out
  }

  /** Colours for stderr. */
  protected get err(): ChalkInstance {
    this.#err ??= coloursFor(process.stderr, colourModeOf(this.argv, process.env), process.env)
    return this.#err
  }

  override async init(): Promise<void> {
    await super.init()
    watchOutput({
      closed: () => this.stdoutClosed(),
      failed: (error) => this.stdoutFailed(error),
    })
  }

  /** Flags: command line, environment, wsmesh.config.json, context, defaults; see applySettings. */
  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(
    options?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const output = await super.parse(options, argv).catch((error: Error) => {
      throw this.#blamed(error)
    })
    this.#context = await applySettings(output, {
      command: this.id ?? '',
      known: Object.keys({...this.ctor.baseFlags, ...this.ctor.flags}),
      env: process.env,
      file: await readConfigFile(process.cwd()),
      contexts: () => readContexts(process.env),
    })
    if (this.#context !== undefined) await this.#enter(this.#context, output.flags)
    return output
  }

  /** The context that the command works in, once its flags are parsed. */
  protected get context(): ChosenContext | undefined {
    return this.#context
  }

  /** Says on a screen where one is, and asks before what cannot be undone in production. */
  async #enter(
    context: ChosenContext, flags: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const told: unknown = Reflect.get(this.ctor, 'danger')
    const danger: unknown = typeof told === 'function' ? told(flags) : told
    if (typeof danger === 'string' && context.isProduction) {
      const {stdin, stderr} = process
      const isYes = flags['yes'] === true
      await confirmProduction({context, danger, isYes, stdin, stderr, colours: this.err})
      // Whoever typed the name knows where he is.
      if (!isYes) return
    }
    if (process.stderr.isTTY) this.notice(contextLine(context, this.err))
  }

  /** A line for a person on stdout; nothing under --json. */
  protected print(text: string): void {
    if (!this.jsonEnabled()) process.stdout.write(`${text}\n`)
  }

  /** A line on stdout in any mode: of a stream (NDJSON), or `-o name`. */
  protected line(text: string): void {
    process.stdout.write(`${text}\n`)
  }

  /** A line on stderr in any mode: what goes on beside the data. */
  protected notice(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  /** The reader of stdout went away (`| head -1`): the work is done, quietly. */
  protected stdoutClosed(): void {
    process.exit(0)
  }

  /** What it printed is not all there, as on a full disk: that is no success. */
  protected stdoutFailed(error: Error): void {
    this.report(new WsmeshError('FILE_UNWRITABLE', 'Cannot write the output', {
      cause: error, suggestions: ['Is there room where it goes? Try: df -h'],
    }))
    process.exit()
  }

  /** One line when piped, so that a stream of them is NDJSON; indented on a screen. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, null, process.stdout.isTTY ? 2 : 0)}\n`)
  }

  override async catch(thrown: Error): Promise<void> {
    if (isExit(thrown)) {
      process.exitCode = thrown.oclif.exit
      return
    }
    const error = isOfSettings(thrown) ? this.#blamed(thrown) : thrown
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(error))
    this.report(error)
    if (process.env['WSMESH_DEBUG']) this.notice(error.stack ?? String(error))
  }

  /** Says on stderr what failed and sets the exit status, without ending the command. */
  protected report(error: Error): void {
    const failure = failureOf(error, this.#commandLine())
    process.exitCode = failure.exit
    this.notice(renderFailure(failure, this.err).trimEnd())
  }

  protected override toErrorJson(error: unknown): unknown {
    return {error: failureJson(failureOf(error, this.#commandLine()))}
  }

  #blamed(error: Error): Error {
    return blamingVariable(error, this.argv, {...this.ctor.baseFlags, ...this.ctor.flags})
  }

  #commandLine(): string {
    return `${this.config.bin} ${(this.id ?? '').replaceAll(':', ' ')}`.trim()
  }
}

/** Some settings are only understood by what they are for. */
function isOfSettings(error: Error): boolean {
  return error instanceof WsmeshError && (error.code === 'USAGE' || error.code === 'CONFIG_INVALID')
}

interface ExitRequest extends Error {
  readonly oclif: {readonly exit: number}
}

/** `this.exit(n)`: not a failure to report, only a status. */
export function isExit(error: Error): error is ExitRequest {
  return 'code' in error && error.code === 'EEXIT' && 'oclif' in error
}

interface OutputEnds {
  /** Its reader went away. */
  closed(): void
  failed(error: Error): void
}

let ends: OutputEnds | undefined

/**
 * In place of oclif's listener, which swallows EPIPE, so that a stream would go on for ever after
 * its reader left, and throws all else, by which a full disk would look like a bug, or like
 * success. A closed stderr is no reason to stop anything.
 */
function watchOutput(of: OutputEnds): void {
  if (ends === undefined) {
    process.stdout.removeAllListeners('error')
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') ends?.closed()
      else ends?.failed(error)
    })
    process.stderr.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  ends = of
}
