/**
 * The files that a run leaves behind. Whether each can be written is asked before the load begins,
 * since nobody wants to hear after an hour of it that the folder was not there.
 */
import {open, realpath, rename, rm, stat, writeFile} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'

import {WsmeshError} from '../../util/errors.js'
import type {RunReport} from '../run-report.js'

export const REPORT_FORMATS = ['html', 'junit', 'hdr'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

/** The values of `--html`, `--junit` and `--hdr`. */
export type ReportPaths = Readonly<Partial<Record<ReportFormat, string | undefined>>>

/** A file that will be written: its flag, and the path as it was typed. */
export interface ReportFile {
  readonly format: ReportFormat
  readonly path: string
}

/**
 * The files asked for, each of them writable now. Leaves none behind that was not there.
 * `inputs`: files that are read, which no report may replace. Throws USAGE for a path that cannot
 * be meant, FILE_UNWRITABLE for one that the system refuses.
 */
export async function claimReportFiles(
  paths: ReportPaths,
  inputs: readonly string[] = [],
): Promise<readonly ReportFile[]> {
  const files = REPORT_FORMATS.flatMap((format) => {
    const path = paths[format]
    return path === undefined ? [] : [{format, path}]
  })
  const taken = new Map<string, string>()
  for (const input of inputs) taken.set(await whereIs(input), 'the input')
  for (const {format, path} of files) {
    await assertWritable(path, `--${format}`)
    const place = await whereIs(path)
    const other = taken.get(place)
    if (other !== undefined && !isDevice(place)) {
      throw new WsmeshError('USAGE', `--${format} and ${other} are the same file: ${path}`, {
        suggestions: [`--${format} ${nameFor(format)}   (a file of its own)`],
      })
    }
    taken.set(place, `--${format}`)
  }
  return files
}

const FILE_NAMES: Readonly<Record<ReportFormat, string>> = {
  html: 'siege.html', junit: 'siege.xml', hdr: 'siege.hlog',
}

function nameFor(format: ReportFormat): string {
  return FILE_NAMES[format]
}

/** What is behind links, so that two names of one file are known as one. */
async function whereIs(path: string): Promise<string> {
  const full = resolve(path)
  const real = await realpath(full).catch(() => undefined)
  if (real !== undefined) return real
  const folder = await realpath(dirname(full)).catch(() => dirname(full))
  return join(folder, basename(full))
}

function isDevice(place: string): boolean {
  return place.startsWith('/dev/') || place.startsWith('/proc/')
}

async function assertWritable(path: string, flag: string): Promise<void> {
  if (path === '' || path === '-') {
    const given = path === '' ? 'an empty one' : path
    throw new WsmeshError('USAGE', `${flag} needs a path, not ${given}`, {
      suggestions: [`${flag} /dev/stdout   (if a pipe is meant)`],
    })
  }
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() || /[/\\]$/.test(path)) {
    throw new WsmeshError('USAGE', `${flag} ${path} is a folder, not a file`, {
      suggestions: [`${flag} ${join(path, nameOfFlag(flag))}`],
    })
  }
  // A pipe or a device: opening it may wait for its reader, or be seen by it.
  if (found !== undefined && !found.isFile()) return
  try {
    await (await open(path, 'a')).close()
    if (found === undefined) await rm(path)
  } catch (error) {
    throw unwritable(path, flag, error)
  }
}

function nameOfFlag(flag: string): string {
  const format = REPORT_FORMATS.find((name) => `--${name}` === flag)
  return format === undefined ? 'report' : nameFor(format)
}

function unwritable(path: string, flag: string, error: unknown): WsmeshError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const suggestions = code === 'ENOENT' ? [`mkdir -p ${dirname(path)}`] : []
  return new WsmeshError('FILE_UNWRITABLE', `${flag}: cannot write ${path}`, {
    cause: error, suggestions,
  })
}

/** Renders and writes each. A file that fails does not stop the others; the failures come back. */
export async function writeReportFiles(
  files: readonly ReportFile[],
  report: RunReport,
): Promise<readonly WsmeshError[]> {
  const failures: WsmeshError[] = []
  for (const {format, path} of files) {
    try {
      await replaceFile(path, await renderReport(format, report))
    } catch (error) {
      failures.push(failureOf(error, path, `--${format}`))
    }
  }
  return failures
}

/** What the system refused, or the format cannot say; whatever else it is, is ours. */
function failureOf(error: unknown, path: string, flag: string): WsmeshError {
  if (error instanceof WsmeshError) return error
  if (error instanceof Error && 'syscall' in error) return unwritable(path, flag, error)
  throw error
}

/** The report as one of the formats. What a format needs is loaded when it is asked for. */
async function renderReport(format: ReportFormat, report: RunReport): Promise<string> {
  switch (format) {
    case 'html':
      return (await import('./html/html-report.js')).htmlReport(report)
    case 'junit':
      return (await import('./junit.js')).junitReport(report)
    case 'hdr':
      return (await import('./hdr-log.js')).hdrLog(report)
    default:
      return format satisfies never
  }
}

/** Whole or not at all: nobody reads half a report. Links and devices stay what they are. */
async function replaceFile(path: string, text: string): Promise<void> {
  const place = await whereIs(path)
  const found = await stat(place).catch(() => undefined)
  if (found !== undefined && !found.isFile()) {
    await writeFile(place, text)
    return
  }
  const draft = `${place}.${process.pid}.part`
  try {
    await writeFile(draft, text, found === undefined ? {} : {mode: found.mode})
    await rename(draft, place)
  } catch (error) {
    await rm(draft, {force: true})
    throw error
  }
}
