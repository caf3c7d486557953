/** What is kept of a node that hung, and what must not be in it. Pure. */
import {isRecord} from '../protocol/json-text.js'

/** A function that was running, the innermost first. */
export interface StackFrame {
  readonly name: string
  /** "file:///app/actions/hello.mjs:3:27" */
  readonly at: string
}

/** Characters of a place in the code: a `data:` URL may be a whole program. */
const PLACE_CHARS = 300

/**
 * Of Node's diagnostic report what a stranger may read: environment variables and command lines
 * hold passwords, and are taken out at any depth (worker threads have reports of their own).
 */
export function withoutSecrets(report: unknown): unknown {
  if (Array.isArray(report)) return report.map(withoutSecrets)
  if (!isRecord(report)) return report
  const kept = Object.entries(report).filter(([name]) => !SECRETS.has(name))
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutSecrets(value)]))
}

const SECRETS = new Set(['environmentVariables', 'commandLine', 'networkInterfaces'])

/** `callFrames` of Debugger.paused; `urls` of scripts by their ids. */
export function stackOf(
  callFrames: readonly Readonly<Record<string, unknown>>[], urls: ReadonlyMap<string, string>,
): readonly StackFrame[] {
  return callFrames.map(({functionName, location}) => {
    const {scriptId, lineNumber, columnNumber} = isRecord(location) ? location : {}
    const known = urls.get(String(scriptId)) ?? ''
    const line = `${Number(lineNumber) + 1}:${Number(columnNumber) + 1}`
    const place = `${known.slice(0, PLACE_CHARS)}:${line}`
    const isNamed = typeof functionName === 'string' && functionName !== ''
    return {name: isNamed ? functionName.slice(0, PLACE_CHARS) : '(anonymous)', at: place}
  })
}

/** " in spin (/app/actions/hello.mjs:3:27)"; empty where nothing is known. */
export function describePlace(stack: readonly StackFrame[]): string {
  // What Node itself does was called by somebody, who is of more use to a reader.
  const frame = stack.find(({at}) => !at.startsWith('node:') && !at.startsWith(':')) ?? stack[0]
  if (frame === undefined) return ''
  return ` in ${frame.name} (${frame.at.replace(/^file:\/\//, '')})`
}
