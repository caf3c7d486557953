/** Who listens on a port of this machine, as Linux tells it in /proc. */
import {readdir, readFile, readlink} from 'node:fs/promises'

export interface PortOwner {
  readonly pid: number
  /** The program and its first words: flags and what follows them may hold a password. */
  readonly command: string
}

/** TCP_LISTEN in /proc/net/tcp. */
const LISTENING = '0A'

/** Undefined where it cannot be told: other systems, or another user's process. Never rejects. */
export async function findPortOwner(port: number): Promise<PortOwner | undefined> {
  try {
    const sockets = new Set(await listeningSockets(port))
    return sockets.size === 0 ? undefined : await ownerOf(sockets)
  } catch {
    // No /proc: this is a help for people, not worth an error of its own.
    return undefined
  }
}

/**
 * Whether that process of this machine has a socket that listens there; more than one may have it.
 * False where it cannot be told. Never rejects.
 */
export async function listensAt(
  pid: number, at: {readonly port: number} | {readonly path: string},
): Promise<boolean> {
  const sockets = 'path' in at ? await listeningPaths(at.path) : await listeningSockets(at.port)
  const links = await linksOf(`/proc/${pid}/fd`)
  return sockets.some((socket) => links.includes(socket))
}

/** __SO_ACCEPTCON in /proc/net/unix. */
const ACCEPTS = '00010000'

async function listeningPaths(path: string): Promise<string[]> {
  const lines = (await readIfThere('/proc/net/unix')).split('\n').slice(1)
  return lines
    .map((line) => /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line))
    .filter((fields) => fields?.[1] === ACCEPTS && fields[3] === path)
    .map((fields) => `socket:[${fields?.[2]}]`)
}

async function listeningSockets(port: number): Promise<string[]> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all([readIfThere('/proc/net/tcp'), readIfThere('/proc/net/tcp6')])
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) === true && state === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`)
}

async function ownerOf(sockets: ReadonlySet<string>): Promise<PortOwner | undefined> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const link of await linksOf(`/proc/${pid}/fd`)) {
      if (!sockets.has(link)) continue
      return {pid: Number(pid), command: openingWords(await readIfThere(`/proc/${pid}/cmdline`))}
    }
  }
  return undefined
}

function openingWords(cmdline: string): string {
  const words = cmdline.split('\0')
  const firstFlag = words.findIndex((word) => word.startsWith('-'))
  const opening = firstFlag === -1 ? words : words.slice(0, firstFlag)
  return opening.join(' ').trim().replaceAll(/:\/\/\S*@/g, '://***@').slice(0, 200)
}

async function linksOf(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder)
    return await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
  } catch {
    // Another user's process, or one that just ended.
    return []
  }
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
