import {chmod, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {fileAddressBook} from '../../../src/lib/operator/address-book.js'
import {nodeUrlOf} from '../../../src/lib/operator/node-url.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const node = {
  id: nodeId('n1'),
  url: 'ws://h:1/mesh',
  clientUrl: 'ws://h:1/WebSockets',
  order: 1,
  pid: 2,
  version: '0.1.0',
}

describe('addresses seen last', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wsmesh-book-'))
  })
  afterEach(() => rm(folder, {recursive: true}))

  test('are remembered from one command to the next, each pool its own', async () => {
    await fileAddressBook(folder, 'a').remember([{...node, beat: 7} as typeof node])
    await expect(fileAddressBook(folder, 'a').recall()).resolves.toEqual([node])
    await expect(fileAddressBook(folder, 'b').recall()).resolves.toEqual([])
  })

  test('an empty pool does not make forget', async () => {
    const book = fileAddressBook(folder, 'a')
    await book.remember([node])
    await book.remember([])
    await expect(book.recall()).resolves.toEqual([node])
  })

  test.each([
    '', 'rubbish', '[]', '{"nodes":7}', '{"nodes":[{"id":"n1"},null]}', '{"nodes":[{"id":"B D"}]}',
  ])(
    'rubbish in the file is no memory: %s',
    async (text) => {
      const book = fileAddressBook(folder, 'a')
      await book.remember([node])
      const [name = ''] = await readdir(folder)
      await writeFile(join(folder, name), text)
      await expect(fileAddressBook(folder, 'a').recall()).resolves.toEqual([])
    },
  )

  test('the file is for its owner, nothing else is left behind', async () => {
    await fileAddressBook(folder, 'a').remember([node])
    const [name = '', ...others] = await readdir(folder)
    expect(others).toEqual([])
    expect(name).toMatch(/^nodes-[0-9a-f]{16}\.json$/)
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(join(folder, name), 'utf8'))).toEqual({nodes: [node]})
  })

  test('a folder that cannot be written is no failure', async () => {
    const path = join(folder, 'file')
    await writeFile(path, '')
    await chmod(path, 0o400)
    await expect(fileAddressBook(path, 'a').remember([node])).resolves.toBeUndefined()
  })
})

test.each([
  ['127.0.0.1:8080', 'ws://127.0.0.1:8080/mesh'],
  ['ws://h:1', 'ws://h:1/mesh'],
  ['ws://h:1/', 'ws://h:1/mesh'],
  ['ws://h:1/mesh', 'ws://h:1/mesh'],
  ['http://h:1', 'ws://h:1/mesh'],
  ['https://h', 'wss://h/mesh'],
  ['[::1]:80', 'ws://[::1]/mesh'],
])('--node %s is dialled at %s', (text, url) => {
  expect(nodeUrlOf(text)).toBe(url)
})

test.each(['', 'ftp://h', 'ws://', 'not a url'])('--node %j is a usage error', (text) => {
  expect(() => nodeUrlOf(text)).toThrow(expect.objectContaining({code: 'USAGE'}))
})
