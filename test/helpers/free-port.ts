import {once} from 'node:events'
import {createServer, type AddressInfo, type Server} from 'node:net'

/** A port of 127.0.0.1 at which nobody listens now. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

/** All are held until each is known, so that they differ. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const probes: Server[] = []
  try {
    for (let n = 0; n < count; n += 1) await listening(0, probes)
    return probes.map(portOf)
  } finally {
    await closed(probes)
  }
}

/** The first of so many in a row. */
export async function freePortRow(count: number): Promise<number> {
  for (;;) {
    const probes: Server[] = []
    try {
      const first = await listening(0, probes)
      for (let n = 1; n < count; n += 1) await listening(first + n, probes)
      return first
    } catch (error) {
      // One of them is somebody's, or there are no more ports: others are tried.
      const {code} = error as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE' && code !== 'ERR_SOCKET_BAD_PORT') throw error
    } finally {
      await closed(probes)
    }
  }
}

async function listening(port: number, probes: Server[]): Promise<number> {
  const probe = createServer()
  probe.listen(port, '127.0.0.1')
  await once(probe, 'listening')
  probes.push(probe)
  return portOf(probe)
}

function portOf(probe: Server): number {
  return (probe.address() as AddressInfo).port
}

async function closed(probes: readonly Server[]): Promise<void> {
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
}
