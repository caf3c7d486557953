/**
 * Installs the programs that the tests need, before any build: Node alone runs this. A quick
 * no-op where they are there. As root it installs them with apt-get; otherwise it says what to
 * install and exits with 1.
 */
import {spawnSync} from 'node:child_process'
import {accessSync, constants} from 'node:fs'
import {delimiter, join} from 'node:path'
import process from 'node:process'

/** One of `programs` must be there, and have `phpModule`; else the Debian package is installed. */
const needs = [
  {package: 'mariadb-server', programs: ['mariadbd'], why: 'the tests of the MySQL pool store'},
  {package: 'nats-server', programs: ['nats-server'], why: 'the tests of --relay nats'},
  {package: 'mariadb-server', programs: ['mariadb-install-db'], why: 'its throw-away servers'},
  {package: 'php-cli', programs: ['php'], why: "the tests of an application's sessions"},
  {package: 'php-mysql', programs: ['php'], phpModule: 'pdo_mysql', why: 'the same, in a database'},
  {package: 'php-fpm', programs: ['php-fpm8.2', 'php-fpm8.4'], why: 'examples/php-app'},
  {package: 'nginx-light', programs: ['nginx'], why: 'examples/php-app'},
  {package: 'prometheus', programs: ['promtool'], why: 'examples/prometheus: the alert rules'},
  {package: 'systemd', programs: ['systemd-notify'], why: 'what systemd is told'},
  {package: 'chromium', programs: ['chromium'], why: 'the tests of the demo page'},
]

/** Servers are kept in sbin, which is not on everybody's path. */
const folders = [
  ...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin',
]

function isInstalled({programs, phpModule}) {
  const isThere = programs.some((program) =>
    folders.some((folder) => isExecutable(join(folder, program))),
  )
  return isThere && (phpModule === undefined || phpModules().includes(phpModule))
}

function phpModules() {
  return (spawnSync('php', ['-m'], {encoding: 'utf8'}).stdout ?? '').split('\n')
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function aptGet(...args) {
  const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'}
  const options = ['-o', 'DPkg::Lock::Timeout=120']
  const {status, error} = spawnSync('apt-get', [...options, ...args], {
    env, stdio: ['ignore', 2, 2],
  })
  if (error) console.error(`apt-get: ${error.message}`)
  return status === 0
}

function give(missing, why) {
  const packages = [...new Set(missing.map((need) => need.package))].join(' ')
  console.error(`The tests need programs that are not installed (${why}):`)
  for (const {programs, phpModule, why} of missing) {
    console.error(`  ${phpModule ?? programs.join(' or ')}: ${why}`)
  }
  console.error(`On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages}`)
  process.exit(1)
}

const missing = needs.filter((need) => !isInstalled(need))
if (missing.length > 0) {
  if (process.getuid?.() !== 0) give(missing, 'only root can install them')
  const packages = [...new Set(missing.map((need) => need.package))]
  console.error(`Installing ${packages.join(', ')} for the tests …`)
  if (!aptGet('update')) console.error('apt-get update failed; trying with the lists there are')
  aptGet('install', '-y', '--no-install-recommends', ...packages)
  const still = missing.filter((need) => !isInstalled(need))
  if (still.length > 0) give(still, 'apt-get could not install them')
}
