/** Where a bench ran, and with what. */
import {execFileSync} from 'node:child_process'
import {existsSync, readFileSync, readdirSync} from 'node:fs'
import {cpus, release, totalmem} from 'node:os'
import {join} from 'node:path'
import {program} from './programs.mjs'

const peersFolder = join(import.meta.dirname, '..', 'peers')
const PACKAGES = ['ws', 'uwebsockets', 'socket.io', '@socket.io/redis-adapter',
  '@socket.io/cluster-adapter', 'redis']

function said(command, args, env) {
  try {
    const stdio = ['ignore', 'pipe', 'pipe']
    return execFileSync(command, args, {encoding: 'utf8', env, stdio}).trim()
  } catch {
    return ''
  }
}

function packageVersion(name) {
  const file = join(peersFolder, 'node_modules', name, 'package.json')
  return existsSync(file) ? `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}` : ''
}

function programVersion(name, ...args) {
  const found = program(name)
  const version = found && /\d+\.\d+\.\d+/.exec(said(found.path, args, found.env))?.[0]
  return version ? `${name} ${version}` : ''
}

function nchanVersion() {
  const folder = join(peersFolder, 'debian')
  const files = existsSync(folder) ? readdirSync(folder) : []
  const version = files.find((name) => name.includes('nchan')) ??
    said('dpkg-query', ['-Wf', '${Version}', 'libnginx-mod-nchan'])
  const number = /\d+\.\d+\.\d+/.exec(version)?.[0]
  return number ? `nchan ${number}` : ''
}

export function machine() {
  const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${memory}, ${system}, Linux ${
    release().split('-')[0]}`
}

/** "0.1.0 (1a2b3c4)": of the checkout as it is now. */
export function wsmeshVersion(root) {
  const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const commit = said('git', ['-C', root, 'rev-parse', '--short', 'HEAD'])
  return commit ? `${version} (${commit})` : version
}

/** What wsmesh is compared with. */
export function versions() {
  return [
    `Node ${process.versions.node}`,
    ...PACKAGES.map(packageVersion), programVersion('nats-server', '--version'),
    programVersion('redis-server', '--version'), nchanVersion(),
    said('cc', ['--version']).split('\n')[0],
  ].filter(Boolean)
}
