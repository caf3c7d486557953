#!/usr/bin/env node
import {execute} from '@oclif/core'

process.on('uncaughtException', (bug) => {
  void import('../dist/lib/cli/report-bug.js').then(({reportBug}) => reportBug(bug))
})

await execute({dir: import.meta.url})

// A store that does not answer, or a worker of its driver, must not keep the process.
await new Promise((resolve) => process.stdout.write('', resolve))
process.exit()
