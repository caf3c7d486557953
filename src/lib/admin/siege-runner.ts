/**
 * Small sieges of the mesh, one at a time, each `wsmesh siege` in a process of its own: its load
 * does not disturb what is shown meanwhile, and it measures what it would from a terminal.
 */
import {spawn, type ChildProcess} from 'node:child_process'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'

import {isRecord, parseJson} from '../protocol/json-text.js'
import {WsmeshError} from '../util/errors.js'
import type {SiegeSettings, SiegeState} from './wire.js'

/** Reports that can still be downloaded. */
const REPORTS_MAX = 5
/** A siege that was told to end is killed after this. */
const END_MS = 15_000
/** What a failed run said last, shown as the reason. */
const STDERR_CHARACTERS = 600
/** Nodes may be stopped meanwhile: what they close is told, what is lost is judged. */
const THRESHOLDS = ['--threshold', 'closed>=0']
/** The last line has every second and every histogram. */
const JSON_DEPTH = 64

export interface SiegeRunnerOptions {
  readonly binFile: string
  /** By which a command finds this mesh. */
  readonly env: NodeJS.ProcessEnv
  readonly commandText: (words: readonly string[]) => string
  readonly now: () => number
  /** A siege has ended, in words. */
  readonly onEnd: (text: string, isGood: boolean) => void
}

export class SiegeRunner {
  readonly #options: SiegeRunnerOptions
  readonly #reports = new Map<number, Buffer>()
  #state: SiegeState | null = null
  #child: ChildProcess | undefined
  #runs = 0
  #isEnding = false

  constructor(options: SiegeRunnerOptions) {
    this.#options = options
  }

  get state(): SiegeState | null {
    return this.#state
  }

  report(run: number): Buffer | undefined {
    return this.#reports.get(run)
  }

  /** Rejects with NOT_ALLOWED while another runs. */
  async start(settings: SiegeSettings): Promise<void> {
    if (this.#child !== undefined || this.#state?.state === 'running') {
      throw new WsmeshError('NOT_ALLOWED', 'A siege is running: one at a time', {
        suggestions: ['Wait for it, or end it'],
      })
    }
    const {commandText, now} = this.#options
    const words = ['siege', '-c', String(settings.connections), '-r', String(settings.rate),
      '-t', `${settings.timeS}s`, ...THRESHOLDS]
    this.#runs += 1
    this.#isEnding = false
    this.#state = {
      run: this.#runs, state: 'running', command: commandText(words), settings,
      startedAt: now(), elapsedS: 0, connected: 0, sent: 0, delivered: 0, missing: 0, closed: 0,
      expected: null, p50Ms: null, p99Ms: null, verdict: null, reasons: [], lost: null,
      hasReport: false,
    }
    const folder = await mkdtemp(join(tmpdir(), 'wsmesh-admin-'))
    this.#run(words, this.#runs, folder)
  }

  /** As Ctrl-C would: it says how it went so far. */
  end(): void {
    const child = this.#child
    if (child === undefined) return
    this.#isEnding = true
    child.kill('SIGINT')
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
    child.once('close', () => clearTimeout(timer))
  }

  /** The admin ends: nobody would read what comes of it. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  #run(words: readonly string[], run: number, folder: string): void {
    const {binFile, env} = this.#options
    const html = join(folder, 'siege.html')
    const args = [binFile, ...words, '--ndjson', '--no-progress', '--html', html]
    const child = spawn(process.execPath, args, {env, stdio: ['ignore', 'pipe', 'pipe']})
    this.#child = child
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(-STDERR_CHARACTERS)
    })
    createInterface({input: child.stdout}).on('line', (line) => this.#heard(line))
    child.once('error', (error) => (complaint = error.message))
    child.once('close', () => void this.#ended(run, folder, html, complaint))
  }

  #heard(line: string): void {
    const read = parseJson(line, JSON_DEPTH)
    const state = this.#state
    if (!read.ok || !isRecord(read.value) || state === null) return
    const {type, sample, report} = read.value
    if (type === 'second' && isRecord(sample)) this.#state = {...state, ...secondOf(sample, state)}
    if (type === 'report' && isRecord(report)) this.#state = {...state, ...verdictOf(report)}
  }

  async #ended(run: number, folder: string, html: string, complaint: string): Promise<void> {
    const report = await readFile(html).catch(() => undefined)
    await rm(folder, {recursive: true, force: true})
    if (report !== undefined && report.length > 0) {
      this.#reports.set(run, report)
      for (const oldest of this.#reports.keys()) {
        if (this.#reports.size <= REPORTS_MAX) break
        this.#reports.delete(oldest)
      }
    }
    this.#child = undefined
    const state = this.#state
    if (state === null) return
    // Told to end before it had begun, it has no verdict of its own.
    const isInterrupted = state.verdict === null && this.#isEnding
    const verdict = state.verdict ?? (isInterrupted ? 'interrupted' : 'failed')
    const isMute = state.verdict === null && !isInterrupted
    const reasons = isMute ? [complaint.trim() || 'It ended without a word'] : []
    this.#state = {
      ...state,
      state: 'ended',
      verdict,
      reasons: [...state.reasons, ...reasons],
      hasReport: this.#reports.has(run),
    }
    const lost = state.lost === null ? '' : `, ${state.lost} lost`
    this.#options.onEnd(`siege ${run}: ${verdict.toUpperCase()}${lost}`, verdict === 'pass')
  }
}

type Fields = Readonly<Record<string, unknown>>

function secondOf(sample: Fields, before: SiegeState): Partial<SiegeState> {
  return {
    elapsedS: Math.max(0, numberOf(sample['atS'])),
    connected: numberOf(sample['connected']),
    sent: before.sent + numberOf(sample['sent']),
    delivered: before.delivered + numberOf(sample['delivered']),
    missing: numberOf(sample['missing']),
    closed: before.closed + numberOf(sample['closedByServer']),
    p50Ms: msOf(sample['p50Us']) ?? before.p50Ms,
    p99Ms: msOf(sample['p99Us']) ?? before.p99Ms,
  }
}

function verdictOf(report: Fields): Partial<SiegeState> {
  const {verdict, reasons, counts, latency} = report
  const message = isRecord(latency) ? latency['message'] : undefined
  return {
    verdict: typeof verdict === 'string' ? verdict : 'failed',
    reasons: Array.isArray(reasons) ? reasons.map(String).slice(0, 5) : [],
    ...(isRecord(counts) && {
      sent: numberOf(counts['sent']),
      delivered: numberOf(counts['delivered']),
      lost: numberOf(counts['lost']),
      missing: numberOf(counts['lost']),
      closed: numberOf(counts['closedByServer']),
      expected: numberOf(counts['expected']),
    }),
    ...(isRecord(message) && {p50Ms: msOf(message['p50Us']), p99Ms: msOf(message['p99Us'])}),
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function msOf(value: unknown): number | null {
  return typeof value === 'number' ? value / 1000 : null
}
