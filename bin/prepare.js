#!/usr/bin/env node
/**
 * Everything that a fresh clone needs before `npm start` and `npm test`: packages and build, and
 * with --test the Debian programs of the tests. Runs with Node alone; what is there is left alone.
 */
import {execFileSync, spawn} from 'node:child_process'
import {existsSync, readdirSync, statSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

function newestMs(folder) {
  let newest = 0
  for (const entry of readdirSync(folder, {withFileTypes: true, recursive: true})) {
    if (entry.isFile()) {
      newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs)
    }
  }
  return newest
}

function changedMs(path) {
  const absolute = join(root, path)
  return existsSync(absolute) ? statSync(absolute).mtimeMs : 0
}

function run(file, args) {
  execFileSync(file, args, {cwd: root, stdio: ['ignore', 2, 2]})
}

/** Debian's programs come while packages are installed and built. Resolves with its exit status. */
function startSystemSetup() {
  const child = spawn('node', ['test/setup-system.mjs'], {cwd: root, stdio: ['ignore', 2, 2]})
  return new Promise((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', (status) => resolve(status ?? 1))
  })
}

const system = process.argv.includes('--test') ? startSystemSetup() : 0
try {
  // npm leaves this file behind when an install is complete.
  if (changedMs('node_modules/.package-lock.json') < changedMs('package-lock.json')) {
    console.error('Installing packages…')
    run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel', 'error'])
  }
  const builtMs = changedMs('oclif.manifest.json')
  if (builtMs < newestMs(join(root, 'src')) || builtMs < changedMs('package.json')) {
    console.error('Building…')
    run('npm', ['run', '--silent', 'build'])
  }
} catch (error) {
  // A program that failed has said why.
  if (typeof error.status !== 'number') throw error
  process.exitCode = error.status
}
process.exitCode ||= await system
