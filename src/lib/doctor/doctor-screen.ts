import type {ChalkInstance} from 'chalk'

import {CHECKS} from './checks.js'
import type {DoctorJson, Finding} from './run-doctor.js'

export interface DoctorScreen {
  readonly colours: ChalkInstance
  /** All checks by name, well or not. */
  readonly isVerbose: boolean
}

/** What is to be put right first, then how much was looked at. */
export function doctorScreen(report: DoctorJson, {colours, isVerbose}: DoctorScreen): string[] {
  const {findings, passed, notChecked} = report
  const lines = findings.flatMap((finding) => [...findingLines(finding, colours), ''])
  if (isVerbose) {
    lines.push(...passed.map((id) => `${colours.green('ok')}  ${id}: ${titleOf(id)}`))
  }
  for (const [why, ids] of byReason(notChecked)) {
    lines.push(colours.dim(`not checked: ${ids.join(', ')}: ${why}`))
  }
  return [...lines, ...(notChecked.length > 0 || isVerbose ? [''] : []), summary(report, colours)]
}

function findingLines(finding: Finding, colours: ChalkInstance): string[] {
  const {severity, id, what, why, todo} = finding
  const word = severity === 'error' ? colours.red.bold('error') : colours.yellow.bold('warning')
  return [
    `${word}  ${what} ${colours.dim(`[${id}]`)}`,
    `  why: ${why}`,
    ...todo.map((text, index) => `${index === 0 ? '  do:  ' : '       '}${text}`),
  ]
}

function summary({findings, passed, notChecked}: DoctorJson, colours: ChalkInstance): string {
  const errors = findings.filter(({severity}) => severity === 'error').length
  const warnings = findings.length - errors
  const rest = notChecked.length === 0 ? '' : `, ${notChecked.length} not done`
  if (findings.length === 0) return `${colours.green('✓')} ${passed.length} checks, all well${rest}`
  const count = [
    ...(errors > 0 ? [`${errors} ${errors === 1 ? 'error' : 'errors'}`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
  ].join(', ')
  return `✗ ${count}; ${passed.length} checks are well${rest}`
}

function byReason(list: DoctorJson['notChecked']): Map<string, string[]> {
  const reasons = new Map<string, string[]>()
  for (const {id, why} of list) reasons.set(why, [...(reasons.get(why) ?? []), id])
  return reasons
}

function titleOf(id: string): string {
  return CHECKS.find((check) => check.id === id)?.title ?? ''
}
