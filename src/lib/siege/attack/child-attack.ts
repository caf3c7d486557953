/** One part of a siege in a process of its own. */
import {fork} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {withResolvers} from '../../operator/resolvers.js'
import {WsmeshError} from '../../util/errors.js'
import type {SentStream} from '../ledger/sent-book.js'
import type {FromChild, ToChild} from './child-message.js'
import type {
  Attack, AttackJob, AttackTarget, OnSecond, OpenResult, PartFinal, PartSent,
} from './job.js'

/**
 * New objects get so many MiB before what of them lives is sought out, each time for half a
 * millisecond in which nothing leaves and nothing is read: seldom enough not to show at p99.
 */
const YOUNG_MIB = 64

export class ChildAttack implements Attack {
  readonly #child: ChildProcess
  readonly #onSecond: OnSecond
  readonly #opened = withResolvers<OpenResult>()
  readonly #loaded = withResolvers<PartSent>()
  readonly #settled = withResolvers<void>()
  readonly #finished = withResolvers<PartFinal>()

  constructor(job: AttackJob, onSecond: OnSecond) {
    this.#onSecond = onSecond
    this.#child = fork(fileURLToPath(new URL('child.js', import.meta.url)), {
      execArgv: [`--max-semi-space-size=${YOUNG_MIB}`, `--min-semi-space-size=${YOUNG_MIB}`],
      serialization: 'json',
    })
    this.#child.on('message', (message: FromChild) => this.#hear(message))
    this.#child.once('error', (error) => this.#fail(error))
    this.#child.once('exit', (code, signal) => this.#fail(
      new WsmeshError('NODE_FAILED', `A process of the siege ended: ${signal ?? `status ${code}`}`),
    ))
    // Only those that are waited for matter.
    for (const {promise} of [this.#opened, this.#loaded, this.#finished]) promise.catch(() => {})
    this.#settled.promise.catch(() => {})
    this.#say({type: 'job', job})
  }

  open(): Promise<OpenResult> {
    return this.#opened.promise
  }

  load(startUs: number): Promise<PartSent> {
    this.#say({type: 'load', startUs})
    return this.#loaded.promise
  }

  settle(streams: readonly SentStream[]): Promise<void> {
    this.#say({type: 'settle', streams})
    return this.#settled.promise
  }

  async finish(): Promise<PartFinal> {
    this.#say({type: 'finish'})
    const final = await this.#finished.promise
    this.destroy()
    return final
  }

  retarget(targets: readonly AttackTarget[]): void {
    this.#say({type: 'retarget', targets})
  }

  stop(): void {
    this.#say({type: 'stop'})
  }

  destroy(): void {
    this.#say({type: 'destroy'})
  }

  #say(message: ToChild): void {
    if (this.#child.connected) this.#child.send(message)
  }

  #hear(message: FromChild): void {
    switch (message.type) {
      case 'opened':
        return this.#opened.resolve(message.result)
      case 'loaded':
        return this.#loaded.resolve(message.sent)
      case 'settled':
        return this.#settled.resolve()
      case 'finished':
        return this.#finished.resolve(message.final)
      case 'second':
        return this.#onSecond(message.second)
      case 'failed':
        return this.#fail(errorOf(message))
      default:
        message satisfies never
    }
  }

  #fail(error: Error): void {
    this.#opened.reject(error)
    this.#loaded.reject(error)
    this.#settled.reject(error)
    this.#finished.reject(error)
  }
}

function errorOf({code, message, suggestions}: Extract<FromChild, {type: 'failed'}>): Error {
  return code === undefined ? new Error(message) : new WsmeshError(code, message, {suggestions})
}
