import {availableParallelism} from 'node:os'
import {configDefaults, defineConfig} from 'vitest/config'
import {LongestFirst} from './test/helpers/longest-first.js'
import {CHANGES_ITS_PROCESS} from './test/helpers/test-files.js'

/** A process and its imports cost more than the tests of most of these: some share one. */
const SHARES_A_PROCESS = ['test/*.test.ts', 'test/bench/**/*.test.ts', 'test/lib/**/*.test.ts']

export default defineConfig({
  test: {
    // @oclif/test captures the console itself.
    disableConsoleIntercept: true,
    pool: 'forks',
    // Tests wait for others half of their time: with one more than there are cores, none is idle.
    maxWorkers: Math.min(availableParallelism(), 7) + 1,
    // CI alone asks for it: a machine of many may stall any test. Those that need it are named.
    retry: Number(process.env['WSMESH_TEST_RETRY'] ?? 0),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/helpers/closing-line-reporter.ts'],
    sequence: {sequencer: LongestFirst},
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/!(bench|lib)/**/*.test.ts', ...CHANGES_ITS_PROCESS],
        },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          isolate: false,
          include: SHARES_A_PROCESS,
          exclude: [...configDefaults.exclude, ...CHANGES_ITS_PROCESS],
        },
      },
    ],
  },
})
