#!/usr/bin/env node
import {existsSync} from 'node:fs'

if (!existsSync(new URL('../dist', import.meta.url))) {
  process.stderr.write('Error: wsmesh is not built yet [BUILD_MISSING]\n  try: npm ci && npm run build\n')
  process.exit(1)
}

process.on('uncaughtException', (bug) => {
  void import('../dist/lib/cli/report-bug.js').then(({reportBug}) => reportBug(bug))
})

const {execute} = await import('@oclif/core')
const args = process.argv.slice(2)
await execute({dir: import.meta.url, args: args[0] === '-v' ? ['--version'] : args})

// A store that does not answer, or a worker of its driver, must not keep the process.
await new Promise((resolve) => process.stdout.write('', resolve))
process.exit()
