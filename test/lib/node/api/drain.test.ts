import {expect, test} from 'vitest'
import {HELLO, startApi} from '../../../helpers/api-bench.js'
import {eventually} from '../../../helpers/eventually.js'
import {connectRaw} from '../../../helpers/raw-socket.js'

const REQUESTS = 40

test('a node that is drained answers what it was sent: with a receipt, or that it goes away', async () => {
  await using bench = await startApi({size: 3})
  const key = bench.key()
  const body = JSON.stringify(HELLO)
  const raw = await connectRaw(bench.node.addresses.apiUrl)
  const statuses = (): number[] =>
    [...raw.text().matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))
  raw.write((`POST /publish HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`).repeat(REQUESTS))
  await eventually(() => statuses().length > 0, {what: 'the first answer', timeoutMs: 15_000})
  await bench.node.drain()
  await eventually(() => raw.isClosed(), {what: 'the end of the connection', timeoutMs: 15_000})
  expect(statuses()).toHaveLength(REQUESTS)
  expect(statuses().filter((status) => status !== 200 && status !== 503)).toEqual([])
})
