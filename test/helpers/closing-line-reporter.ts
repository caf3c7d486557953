import type {Reporter, TestModule} from 'vitest/node'

/** Where tests are tried again, so many may need that: with more, something is wrong. */
const UNSTEADY_MAX = 3

/**
 * The last line of a run, in a form that any machine can read: "Tests: 12 passed, 0 failed". Before
 * it, each test that failed and then passed is named: it has a fault, or what it tests has one.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    let skipped = 0
    const unsteady: string[] = []
    for (const module of modules) {
      // A file that could not be loaded has no tests, only errors.
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        const {state} = test.result()
        if (test.diagnostic()?.flaky === true) unsteady.push(`${module.relativeModuleId}: ${test.name}`)
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
        else skipped++
      }
    }
    for (const name of unsteady) process.stdout.write(`\nFailed once, then passed: ${name}\n`)
    if (unsteady.length > UNSTEADY_MAX) {
      process.stdout.write(`More than ${UNSTEADY_MAX} tests failed once: that counts as a failure\n`)
      passed -= unsteady.length
      failed += unsteady.length
      process.exitCode = 1
    }
    const tail = skipped > 0 ? `, ${skipped} skipped` : ''
    process.stdout.write(`\nTests: ${passed} passed, ${failed} failed${tail}\n`)
  }
}
