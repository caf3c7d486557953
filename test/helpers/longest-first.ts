import {relative} from 'node:path'
import type {TestSpecification} from 'vitest/node'
import {BaseSequencer} from 'vitest/node'
import {LONG_FILES} from './test-files.js'

/** Long files first, then as Vitest does; last those that share a process, together. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- a sequencer's sort, which changes nothing
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({moduleId, project}: TestSpecification): number {
  if (!project.config.isolate) return LONG_FILES.length + 1
  const index = LONG_FILES.indexOf(relative(project.config.root, moduleId))
  return index === -1 ? LONG_FILES.length : index
}
