import {once} from 'node:events'
import {createServer, type Server} from 'node:net'

/**
 * Below what operating systems give to who asks for any port, connections that go out among them: a
 * port that is free now is nobody else's by chance when it is used a moment later.
 */
const LOWEST = 12_000
const HIGHEST = 32_000

/** A port of 127.0.0.1 at which nobody listens now. */
export async function freePort(): Promise<number> {
  return freePortRow(1)
}

/** They differ. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}

/** The first of so many in a row. */
export async function freePortRow(count: number): Promise<number> {
  for (;;) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count))
    const probes: Server[] = []
    try {
      for (let port = first; port < first + count; port += 1) await listening(port, probes)
      return first
    } catch (error) {
      // One of them is somebody's: others are tried.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    } finally {
      await closed(probes)
    }
  }
}

async function listening(port: number, probes: Server[]): Promise<void> {
  const probe = createServer()
  probe.listen(port, '127.0.0.1')
  await once(probe, 'listening')
  probes.push(probe)
}

async function closed(probes: readonly Server[]): Promise<void> {
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
}
