import {readdir, readFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {networkInterfaces} from 'node:os'

import {findPortOwner} from '../transport/port-owner.js'
import type {MachineFacts, MeshFacts, PlaceFacts, ProcessFacts} from './facts.js'
import {isLoopbackHost} from './settings-checks.js'

export interface ListenPlace {
  readonly flag: string
  readonly host: string
  readonly port: number
}

export async function gatherMachine(
  places: readonly ListenPlace[], mesh: MeshFacts,
): Promise<MachineFacts> {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({address}) => address)
  const processes = await processesHere(mesh, addresses)
  const own = new Set(processes.map(({pid}) => pid))
  return {
    nodeVersion: process.versions.node,
    filesMax: await filesMaxOf('self'),
    places: await Promise.all(places.filter(({port}) => port !== 0).map(async (place) => {
      const found = await lookAt(place, own)
      // Without an answer of the nodes nobody can say whether one of theirs is there.
      const isNode = mesh.type !== 'asked' && / serve\b/.test(found.owner ?? '')
      return isNode ? {...found, state: 'unknown'} : found
    })),
    addresses,
    processes,
  }
}

async function lookAt(
  {flag, host, port}: ListenPlace, own: ReadonlySet<number>,
): Promise<PlaceFacts> {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const state = await tryPort(host, port)
  if (state !== 'taken') return {flag, place, state, owner: undefined}
  const owner = await findPortOwner(port)
  if (owner !== undefined && own.has(owner.pid)) {
    return {flag, place, state: 'ours', owner: undefined}
  }
  const command = owner?.command === '' ? '' : ` (${owner?.command})`
  return {flag, place, state, owner: owner && `pid ${owner.pid}${command}`}
}

/** Listens there for a moment: nothing else tells for sure. */
async function tryPort(host: string, port: number): Promise<PlaceFacts['state']> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(STATES[error.code ?? ''] ?? 'unknown')
    })
    server.listen({host, port}, () => server.close(() => resolve('free')))
  })
}

const STATES: Readonly<Record<string, PlaceFacts['state']>> = {
  EADDRINUSE: 'taken',
  EACCES: 'denied',
  EADDRNOTAVAIL: 'no-address',
  ENOTFOUND: 'no-address',
}

async function processesHere(
  mesh: MeshFacts, addresses: readonly string[],
): Promise<readonly ProcessFacts[]> {
  if (mesh.type !== 'asked') return []
  const here = mesh.survey.nodes.flatMap(({id, url, stats}) =>
    stats !== undefined && isHere(url, addresses) ? [{id, pid: stats.pid}] : [],
  )
  return Promise.all(here.map(async ({id, pid}) => ({
    id,
    pid,
    filesMax: await filesMaxOf(String(pid)),
    filesOpen: await filesOpenOf(pid),
  })))
}

/** A process of another machine may have the same number here: it is then not looked at. */
function isHere(url: string, addresses: readonly string[]): boolean {
  if (url.startsWith('ws+unix:')) return true
  if (!URL.canParse(url)) return false
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
  return isLoopbackHost(host) || addresses.includes(host)
}

/** The soft limit, which Node has raised to the hard one. Undefined: unlimited or unknown. */
async function filesMaxOf(pid: string): Promise<number | undefined> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '')
  const text = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  return text === undefined ? undefined : Number(text)
}

async function filesOpenOf(pid: number): Promise<number | undefined> {
  // Only of one's own processes.
  return readdir(`/proc/${pid}/fd`).then((names) => names.length, () => undefined)
}
