/**
 * Peers that are no npm packages: those on the path, else out of Debian's packages, unpacked into
 * bench/peers/debian and installed nowhere.
 */
import {execFileSync} from 'node:child_process'
import {accessSync, constants, existsSync, mkdirSync, readdirSync} from 'node:fs'
import {delimiter, join} from 'node:path'

const FOLDER = join(import.meta.dirname, '..', 'peers', 'debian')
const needs = {
  'redis-server': {
    packages: ['redis-server', 'redis-tools', 'liblzf1', 'libjemalloc2'],
    file: 'usr/bin/redis-server',
  },
  'nats-server': {packages: ['nats-server'], file: 'usr/sbin/nats-server'},
  nginx: {packages: ['nginx'], file: 'usr/sbin/nginx'},
  nchan: {packages: ['libnginx-mod-nchan'], file: 'usr/lib/nginx/modules/ngx_nchan_module.so'},
}

function onPath(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function unpack(packages) {
  mkdirSync(FOLDER, {recursive: true})
  try {
    const stdio = ['ignore', 'ignore', 'pipe']
    execFileSync('apt-get', ['download', ...packages], {cwd: FOLDER, stdio})
    for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['-x', join(FOLDER, name), FOLDER])
    }
  } catch (error) {
    console.error(`cannot get ${packages.join(', ')} from Debian: ${error.message.split('\n')[0]}`)
  }
}

/** {path, env} of a program; undefined where it is not to be had. */
export function program(name) {
  const found = onPath(name)
  if (found) return {path: found, env: process.env}
  const {packages, file} = needs[name]
  const path = join(FOLDER, file)
  if (!existsSync(path)) unpack(packages)
  if (!existsSync(path)) return undefined
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const library = join(FOLDER, 'usr', 'lib', `${machine}-linux-gnu`)
  return {path, env: {...process.env, LD_LIBRARY_PATH: library}}
}
