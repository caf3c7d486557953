import {once} from 'node:events'
import {createServer, type AddressInfo} from 'node:net'

/** A port of 127.0.0.1 at which nobody listens. */
export async function withFreePort<T>(work: (port: number) => Promise<T>): Promise<T> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const {port} = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return work(port)
}
