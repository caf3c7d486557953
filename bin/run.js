#!/usr/bin/env node
import {execute} from '@oclif/core'

process.on('uncaughtException', async (error) => {
  const {reportBug} = await import('../dist/lib/cli/report-bug.js')
  reportBug(error)
})

await execute({dir: import.meta.url})

// A store that does not answer, or a worker of its driver, must not keep the process.
await new Promise((resolve) => process.stdout.write('', resolve))
process.exit()
