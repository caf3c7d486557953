import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {addApiKey, apiKeyPlace, readApiKeys, removeApiKey} from '../../../src/lib/auth/api-key-file.js'
import {whileLocked} from '../../../src/lib/auth/file-lock.js'
import {ApiKeys, hashOfApiKey, isApiKey, makeApiKey, parseApiKeys} from '../../../src/lib/auth/api-keys.js'

const HASH = hashOfApiKey('a')
const OTHER = hashOfApiKey('b')
const SHOP = {name: 'shop', sha256: HASH, allow: ['publish'] as const}

test('a key is found by itself alone', () => {
  const [first, second] = [makeApiKey(), makeApiKey()]
  const keys = new ApiKeys([
    {...SHOP, sha256: hashOfApiKey(first)}, {...SHOP, name: 'b', sha256: hashOfApiKey(second)},
  ])
  expect([first, second].map((key) => keys.find(key)?.name)).toEqual(['shop', 'b'])
  expect(keys.find(`${first}x`)).toBeUndefined()
  expect(keys.find('')).toBeUndefined()
  expect([isApiKey(first), isApiKey('a.b.c')]).toEqual([true, false])
})

test.each([
  ['', 'not JSON'],
  ['[]', 'it is no object'],
  ['{}', 'keys is missing'],
  ['{"keys":[],"more":1}', 'more is unknown'],
  [{name: 'a b'}, 'keys[0].name is no name'],
  [{sha256: 'wsmesh_the-key-itself'}, 'keys[0].sha256 is no SHA-256'],
  [{allow: ['fly']}, 'keys[0].allow[0] is "fly"'],
  [{actions: ['']}, 'is no glob'],
  [{perSecond: -1}, 'perSecond'],
  [{perSecond: 1e9}, 'is above 1000000'],
  [{until: 5}, 'until is unknown'],
])('%j is no file of keys', (wrong, why) => {
  const text = typeof wrong === 'string' ? wrong : JSON.stringify({keys: [{...SHOP, ...wrong}]})
  expect(() => parseApiKeys(text, 'keys.json')).toThrow(why)
  expect(() => parseApiKeys(text, 'keys.json')).toThrow('keys.json is no file of API keys')
})

function file(...keys: object[]): string {
  return JSON.stringify({keys})
}

test('two keys of one name, or of one hash, are refused', () => {
  expect(() => parseApiKeys(file(SHOP, {...SHOP, sha256: OTHER}), 'f')).toThrow('have one name')
  expect(() => parseApiKeys(file(SHOP, {...SHOP, name: 'b'}), 'f')).toThrow('are one key')
  expect(parseApiKeys(file(SHOP), 'f').entries).toEqual([SHOP])
})

test('the file: made, written to, missing, open to anybody', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-keys-'))
  try {
    const place = apiKeyPlace(undefined, folder)
    expect((await readApiKeys(place)).entries).toEqual([])
    const key = await addApiKey(place, {name: 'shop', allow: ['publish'], perSecond: 5})
    await addApiKey(place, {name: 'other', allow: []})
    expect((await readApiKeys(place)).find(key)).toMatchObject({name: 'shop', perSecond: 5})
    await expect(addApiKey(place, {name: 'shop', allow: []})).rejects.toThrow('a key called shop')
    await removeApiKey(place, 'shop')
    expect((await readApiKeys(place)).entries).toMatchObject([{name: 'other'}])
    await expect(removeApiKey(place, 'shop')).rejects.toThrow('is called "shop"')
    await chmod(place.path, 0o666)
    await expect(readApiKeys(place)).rejects.toThrow('Anybody can add a key')
    const named = apiKeyPlace(join(folder, 'none.json'), folder)
    await expect(readApiKeys(named)).rejects.toThrow('Cannot read the API keys')
    const endless = apiKeyPlace('/dev/zero', folder)
    await expect(readApiKeys(endless)).rejects.toThrow('Cannot read the API keys')
    await writeFile(named.path, '{')
    await expect(addApiKey(named, {name: 'x', allow: []})).rejects.toThrow('not JSON')
  } finally {
    await rm(folder, {recursive: true})
  }
})

test('two who write at once lose no key, and who finds a lock left behind is told of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-keys-'))
  try {
    const place = apiKeyPlace(undefined, folder)
    const names = Array.from({length: 8}, (_, n) => `key-${n}`)
    await Promise.all(names.map((name) => addApiKey(place, {name, allow: []})))
    const {entries} = await readApiKeys(place)
    expect(entries.map(({name}) => name).toSorted()).toEqual(names)
    await Promise.all(names.slice(1).map((name) => removeApiKey(place, name)))
    expect((await readApiKeys(place)).entries).toMatchObject([{name: 'key-0'}])
    await writeFile(`${place.path}.lock`, '4711')
    await expect(whileLocked(place.path, async () => 1, 0)).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE', message: `process 4711 holds ${place.path}.lock`,
    })
    await rm(`${place.path}.lock`)
    await expect(whileLocked(place.path, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await whileLocked(place.path, async () => 1)).toBe(1)
  } finally {
    await rm(folder, {recursive: true})
  }
})
