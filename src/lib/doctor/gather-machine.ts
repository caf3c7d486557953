import {lookup} from 'node:dns/promises'
import {readdir, readFile} from 'node:fs/promises'
import {createServer, isIP} from 'node:net'
import {networkInterfaces} from 'node:os'

import {findPortOwner} from '../transport/port-owner.js'
import type {MachineFacts, MeshFacts, NameFacts, PlaceFacts, ProcessFacts} from './facts.js'
import {isLoopbackHost} from './settings-checks.js'

export interface ListenPlace {
  readonly flag: string
  readonly host: string
  readonly port: number
}

export async function gatherMachine(
  places: readonly ListenPlace[], mesh: MeshFacts, nodeUrl: string | undefined,
): Promise<MachineFacts> {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({address}) => address)
  const here = nodesHere(mesh, addresses)
  const processes = await processesOf(here)
  const own = {
    pids: new Set(processes.map(({pid}) => pid)),
    // Whose process it is cannot be told of another user's.
    ports: new Set(here.map(({port}) => port)),
  }
  return {
    nodeVersion: process.versions.node,
    filesMax: await filesMaxOf('self'),
    places: await Promise.all(places.filter(({port}) => port !== 0).map(async (place) => {
      const found = await lookAt(place, own)
      // Without an answer of every node nobody can say whether one of theirs is there.
      const mayBeNode = !isWhole(mesh) && / serve\b/.test(found.owner ?? '')
      return mayBeNode ? {...found, state: 'unknown'} : found
    })),
    nodeName: await lookUpName(nodeUrl),
    processes,
  }
}

async function lookUpName(url: string | undefined): Promise<NameFacts | undefined> {
  if (url === undefined || !/^wss?:/.test(url)) return undefined
  const name = new URL(url).hostname
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return undefined
  try {
    const found = await lookup(name, {all: true})
    return {name, addresses: found.map(({address}) => address), code: undefined}
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return {name, addresses: [], code}
  }
}

function isWhole(mesh: MeshFacts): boolean {
  return mesh.type === 'asked' && mesh.survey.nodes.every(({stats}) => stats !== undefined)
}

/** What nodes of this mesh have here. */
interface Own {
  readonly pids: ReadonlySet<number>
  readonly ports: ReadonlySet<number>
}

async function lookAt({flag, host, port}: ListenPlace, own: Own): Promise<PlaceFacts> {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const state = await tryPort(host, port)
  if (state !== 'taken') return {flag, place, state, owner: undefined}
  const owner = await findPortOwner(port)
  if (own.ports.has(port) || (owner !== undefined && own.pids.has(owner.pid))) {
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

interface NodeHere {
  readonly id: string
  readonly pid: number
  readonly port: number
}

function nodesHere(mesh: MeshFacts, addresses: readonly string[]): readonly NodeHere[] {
  if (mesh.type !== 'asked') return []
  return mesh.survey.nodes.flatMap(({id, url, stats}) => {
    if (stats === undefined || !isHere(url, addresses)) return []
    return [{id, pid: stats.pid, port: url.startsWith('ws:') ? Number(new URL(url).port) : 0}]
  })
}

async function processesOf(here: readonly NodeHere[]): Promise<readonly ProcessFacts[]> {
  const found = await Promise.all(here.map(async ({id, pid}) => {
    // Of a container the number is another process's here.
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (!command.split('\0').includes('serve')) return []
    return [{
      id, pid, filesMax: await filesMaxOf(String(pid)), filesOpen: await filesOpenOf(pid),
    }]
  }))
  return found.flat()
}

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
