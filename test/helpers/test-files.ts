/** How the files of tests are run (vitest.config.ts). */

/**
 * Files of test/lib whose tests change the process that they run in (its clock, its globals, its
 * modules) or measure it: each has one of its own.
 */
export const CHANGES_ITS_PROCESS: readonly string[] = [
  'test/lib/admin/mesh-eye.test.ts',
  'test/lib/admin/page-session.test.ts',
  'test/lib/auth/token.test.ts',
  'test/lib/client/messages.test.ts',
  'test/lib/client/shared.test.ts',
  'test/lib/client/state.test.ts',
  'test/lib/node/calm-warning.test.ts',
  'test/lib/node/dies-young.test.ts',
  'test/lib/node/handler-clock.test.ts',
  'test/lib/node/leaving/lead-away.test.ts',
  'test/lib/node/soak.test.ts',
  'test/lib/node/webhooks/action-webhooks.test.ts',
  'test/lib/probe/find-holders.test.ts',
  'test/lib/probe/process-sample.test.ts',
  'test/lib/process/inner-faults.test.ts',
  'test/lib/siege/known-faults.test.ts',
  'test/lib/siege/other-faults.test.ts',
  'test/lib/siege/soak-faults.test.ts',
  'test/lib/supervisor/node-files.test.ts',
]

/**
 * The files of tests that take longest, in this order: they are begun first, so that none is left
 * to run alone at the end. `npx vitest run --reporter=json` tells how long each takes.
 */
export const LONG_FILES: readonly string[] = [
  'test/e2e/drill.test.ts',
  'test/e2e/siege-soak.test.ts',
  'test/e2e/mesh.test.ts',
  'test/e2e/siege.test.ts',
  'test/simulation/simulation-odd.test.ts',
  'test/simulation/simulation-even.test.ts',
  'test/e2e/demo.test.ts',
  'test/browser/tabs.test.ts',
  'test/browser/front-end-2015.test.ts',
  'test/browser/demo.test.ts',
  'test/e2e/serve.test.ts',
  'test/e2e/cli-mesh.test.ts',
  'test/e2e/terminal.test.ts',
  'test/e2e/outbox-bench.test.ts',
  'test/e2e/supervise.test.ts',
  'test/e2e/php-sessions.test.ts',
  'test/e2e/cli-basics.test.ts',
  'test/e2e/auth-flags.test.ts',
  'test/e2e/security-identity.test.ts',
  'test/browser/php-app.test.ts',
  'test/browser/admin-start.test.ts',
  'test/e2e/resume.test.ts',
  'test/e2e/explain.test.ts',
  'test/e2e/api.test.ts',
  'test/e2e/secret-rotation.test.ts',
  'test/e2e/reconnect.test.ts',
  'test/browser/admin.test.ts',
  'test/abuse/fuzz.test.ts',
  'test/lib/siege/other-faults.test.ts',
  'test/e2e/cli-strays.test.ts',
  'test/browser/examples.test.ts',
  'test/e2e/outbox.test.ts',
  'test/e2e/cli-failover.test.ts',
  'test/abuse/sockets.test.ts',
  'test/e2e/send-stream.test.ts',
  'test/e2e/who.test.ts',
  'test/lib/siege/known-faults.test.ts',
  'test/abuse/frames.test.ts',
  'test/lib/siege/soak-faults.test.ts',
  'test/e2e/doctor.test.ts',
  'test/e2e/publisher.test.ts',
  'test/e2e/package.test.ts',
  'test/simulation/failover.test.ts',
  'test/e2e/webhooks.test.ts',
]
