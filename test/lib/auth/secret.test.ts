import {chmod, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {defaultDataDir, ensureDataDir} from '../../../src/lib/auth/data-dir.js'
import {acceptedLinkKeys, deriveKey, deriveKeys, ownLinkKeys} from '../../../src/lib/auth/keys.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {loadSecret} from '../../../src/lib/auth/secret.js'
import {viewerFileOf} from '../../../src/lib/auth/secret-file.js'

const IN_HOME = '/h/.local/share/wsmesh'
const LONG = 'a secret that is long enough'

let folder: string
let dataDir: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wsmesh-secret-'))
  dataDir = join(folder, 'data')
})

afterEach(async () => {
  await rm(folder, {recursive: true})
})

async function file(name: string, content: string, mode = 0o600): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

function keyOf(secret: MeshSecret): string {
  return Buffer.from(deriveKey(secret, 'link')).toString('hex')
}

function expected(text: string): string {
  return keyOf(new MeshSecret(text, 'a test'))
}

describe('the mesh secret comes', () => {
  it('from the flag before all else, then the variables, then the data folder', async () => {
    const flag = await file('flag', `${LONG} of the flag`)
    const variable = await file('variable', `${LONG} of the variable's file`)
    const env = {WSMESH_SECRET_FILE: variable, WSMESH_SECRET: `${LONG} of the variable`}
    const first = await loadSecret({secretFile: flag, env, dataDir})
    expect(keyOf(first)).toBe(expected(`${LONG} of the flag`))
    const second = await loadSecret({env, dataDir})
    expect(keyOf(second)).toBe(expected(`${LONG} of the variable's file`))
    const third = await loadSecret({env: {WSMESH_SECRET: env.WSMESH_SECRET}, dataDir})
    expect(keyOf(third)).toBe(expected(`${LONG} of the variable`))
    expect(third.source).toBe('WSMESH_SECRET')
    const made = await loadSecret({env: {}, dataDir})
    expect(made.source).toBe(join(dataDir, 'secret'))
  })

  it.each([
    ['as it is', LONG],
    ['without the newline at its end', `${LONG}\n`],
    ['without the newline of Windows', `${LONG}\r\n`],
  ])('from a file %s', async (_, content) => {
    const secret = await loadSecret({secretFile: await file('s', content), env: {}, dataDir})
    expect(keyOf(secret)).toBe(expected(LONG))
  })

  it('from a file with others that are accepted too, one a line', async () => {
    const secretFile = await file('s', `${LONG}\n\nthe one that was before\r\n`)
    const secret = await loadSecret({secretFile, env: {}, dataDir})
    expect(keyOf(secret)).toBe(expected(LONG))
    expect(deriveKeys(secret, 'link')).toEqual([
      deriveKey(new MeshSecret(LONG, 'a test'), 'link'),
      deriveKey(new MeshSecret('the one that was before', 'a test'), 'link'),
    ])
  })

  it("from a viewer's file, which is none of the mesh's own", async () => {
    const mesh = new MeshSecret(LONG, 'a test')
    const text = viewerFileOf(mesh)
    expect(text).toMatch(/^viewer:[\w-]{43}\n$/)
    const viewer = await loadSecret({secretFile: await file('s', text), env: {}, dataDir})
    expect(viewer.rights).toBe('viewer')
    expect(acceptedLinkKeys(mesh)).toContainEqual(ownLinkKeys(viewer)[0])
    const keys = ['link', 'token', 'viewer', 'viewer-link'] as const
    const theirs = keys.map((purpose) => deriveKey(viewer, purpose))
    for (const purpose of keys) expect(theirs).not.toContainEqual(deriveKey(mesh, purpose))
  })
})

describe('a secret is refused when', () => {
  it('its file is not there', async () => {
    const loading = loadSecret({secretFile: join(folder, 'none'), env: {}, dataDir})
    await expect(loading).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
  })

  it('its file is a folder', async () => {
    await chmod(folder, 0o700)
    const loading = loadSecret({env: {WSMESH_SECRET_FILE: folder}, dataDir})
    await expect(loading).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
  })

  it.each([0o640, 0o604, 0o660, 0o644])('others can read its file (%o)', async (mode) => {
    const secretFile = await file('s', LONG, mode)
    await expect(loadSecret({secretFile, env: {}, dataDir})).rejects.toMatchObject({
      code: 'SECRET_INVALID',
      suggestions: [`chmod 600 ${secretFile}`],
    })
  })

  it('it is too short, and the error does not tell it', async () => {
    const secretFile = await file('s', 'tiny\n')
    const loading = loadSecret({secretFile, env: {}, dataDir})
    await expect(loading).rejects.toMatchObject({code: 'SECRET_INVALID'})
    await expect(loading).rejects.not.toThrow('tiny')
    const empty = loadSecret({env: {WSMESH_SECRET: ''}, dataDir})
    await expect(empty).rejects.toMatchObject({code: 'SECRET_INVALID'})
  })

  it.each([
    ['five of them', `${LONG}\n`.repeat(5)],
    ["a viewer's among them", `${LONG}\nviewer:${LONG}\n`],
    ['a short one among them', `${LONG}\ntiny\n`],
    ['an empty file', '\n'],
  ])('there is %s', async (_, content) => {
    const loading = loadSecret({secretFile: await file('s', content), env: {}, dataDir})
    await expect(loading).rejects.toMatchObject({code: 'SECRET_INVALID'})
    await expect(loading).rejects.not.toThrow(LONG)
  })

  it('the data folder cannot be made', async () => {
    const blocked = join(await file('s', LONG), 'data')
    await expect(loadSecret({env: {}, dataDir: blocked})).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    })
  })
})

describe('without one given, a secret is made', () => {
  it('for its owner only, and is the same from then on', async () => {
    const first = await loadSecret({env: {}, dataDir})
    const second = await loadSecret({env: {}, dataDir})
    expect(keyOf(second)).toBe(keyOf(first))
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dataDir, 'secret'))).mode & 0o777).toBe(0o600)
    expect(await readFile(join(dataDir, 'secret'), 'utf8')).toMatch(/^[\w-]{43}\n$/)
  })

  it('and whoever made it hears of it', async () => {
    const made: string[] = []
    const onMade = (path: string): void => void made.push(path)
    await loadSecret({env: {}, dataDir, onMade})
    await loadSecret({env: {}, dataDir, onMade})
    expect(made).toEqual([join(dataDir, 'secret')])
  })

  it('never by those that may not, and no folder either', async () => {
    const loading = loadSecret({env: {}, dataDir, mayMake: false})
    await expect(loading).rejects.toMatchObject({code: 'SECRET_MISSING'})
    expect(await readdir(folder)).toEqual([])
  })

  it('once, however many start at the same time', async () => {
    const starts = Array.from({length: 50}, async () => loadSecret({env: {}, dataDir}))
    const keys = (await Promise.all(starts)).map(keyOf)
    expect(new Set(keys).size).toBe(1)
    expect(await readdir(dataDir)).toEqual(['secret'])
  })
})

describe('the data folder', () => {
  it.each([
    ['WSMESH_DATA_DIR', {WSMESH_DATA_DIR: '/d', XDG_DATA_HOME: '/x', HOME: '/h'}, '/d'],
    ['XDG_DATA_HOME', {XDG_DATA_HOME: '/x', HOME: '/h'}, '/x/wsmesh'],
    ['HOME', {HOME: '/h'}, IN_HOME],
    ['HOME, not from a relative XDG_DATA_HOME', {XDG_DATA_HOME: 'x', HOME: '/h'}, IN_HOME],
    ['HOME when others are empty', {WSMESH_DATA_DIR: '', XDG_DATA_HOME: '', HOME: '/h'}, IN_HOME],
  ])('comes from %s', (_, env, path) => {
    expect(defaultDataDir(env)).toBe(path)
  })

  it.runIf(process.platform === 'linux')('cannot be made below /proc, and that ends', async () => {
    const making = ensureDataDir('/proc/wsmesh/data')
    await expect(making).rejects.toMatchObject({code: 'FILE_UNREADABLE'})
  })

  it('is made with all levels above it, at once by many', async () => {
    const deep = join(folder, 'a', 'b', 'c')
    await Promise.all(Array.from({length: 20}, () => ensureDataDir(deep)))
    expect((await stat(deep)).mode & 0o777).toBe(0o700)
  })

  it('stays as it is when it exists', async () => {
    await chmod(folder, 0o755)
    await ensureDataDir(folder)
    expect((await stat(folder)).mode & 0o777).toBe(0o755)
  })
})
