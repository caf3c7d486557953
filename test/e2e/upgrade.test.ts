/** bench/upgrade.mjs in short: from the commit before this one to this one, under load. */
import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {expect, test} from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

interface Verdict {
  readonly from: string
  readonly steps: readonly {readonly role: string; readonly to: string}[]
}

/** Undefined where there is none: a copy without history, or a clone of one commit. */
function commitBefore(): string | undefined {
  try {
    const args = ['rev-parse', '--verify', '--quiet', 'HEAD~1^{commit}']
    return execFileSync('git', args, {cwd: ROOT, encoding: 'utf8', stdio: 'pipe'}).trim()
  } catch {
    return undefined
  }
}

test('a mesh of the commit before becomes one of this, node by node, and nothing is lost', async () => {
  const before = commitBefore()
  if (before === undefined) {
    console.warn('NO UPGRADE IS TESTED: there is no earlier commit here (git fetch --unshallow). '
      + 'This build replaces itself.')
  }
  const from = before === undefined ? ['--from-dir', ROOT] : ['--from', before, '--quick']
  const load = ['--rate', '100', '--clients', '6', '--json']
  const child = spawn(process.execPath, [join(ROOT, 'bench', 'upgrade.mjs'), ...from, ...load], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [status] = (await once(child, 'close')) as [number]
  expect([status, stderr]).toEqual([0, ''])
  const verdict = JSON.parse(stdout) as Verdict
  expect(verdict).toMatchObject({isGood: true, lost: 0, duplicated: 0, reordered: 0, refused: 0})
  expect(verdict.steps.map(({role, to}) => [role, to])).toEqual([
    ['follower', 'this build'], ['follower', 'this build'], ['master', 'this build'],
  ])
  if (before !== undefined) expect(before).toMatch(new RegExp(`^${verdict.from}`))
}, 300_000)
