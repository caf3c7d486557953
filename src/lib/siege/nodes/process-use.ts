/** What a process of this machine uses, as Linux tells it in /proc. */
import {readFile} from 'node:fs/promises'

export interface ProcessUse {
  readonly cpuMs: number
  readonly rssBytes: number
}

/** Of USER_HZ and of the page size every Linux that Node runs on has these. */
const TICK_MS = 10
const PAGE_BYTES = 4096

/** Undefined where it cannot be told. Never rejects. */
export async function processUse(pid: number): Promise<ProcessUse | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name stands in brackets and may hold anything: fields are counted behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    return {cpuMs: ticks * TICK_MS, rssBytes: Number(fields[21]) * PAGE_BYTES}
  } catch {
    // Not on Linux, or it has gone: the report says that it is not known.
    return undefined
  }
}
