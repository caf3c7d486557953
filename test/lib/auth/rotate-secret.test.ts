import {chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, it} from 'vitest'
import {rotateSecret} from '../../../src/lib/auth/rotate-secret.js'
import {rotated} from '../../../src/lib/auth/secret-file.js'

const OLD = 'the secret that is in use'
const FRESH = 'the one that comes after it'

describe('the steps of changing a secret', () => {
  it('lead from the old one alone, over both, to the new one alone', () => {
    const added = rotated(`${OLD}\n`, 'add', FRESH)
    expect(added).toBe(`${OLD}\nnext:${FRESH}\n`)
    const used = rotated(added, 'use', 'not needed')
    expect(used).toBe(`${FRESH}\nprevious:${OLD}\n`)
    expect(rotated(used, 'finish', 'not needed')).toBe(`${FRESH}\n`)
  })

  it.each([
    ['a second new one', `${OLD}\nnext:${FRESH}\n`, 'add', '--use'],
    ['a new one before the last change is finished', `${FRESH}\nprevious:${OLD}\n`, 'add', '--finish'],
    ['the same new one twice', `${FRESH}\nprevious:${OLD}\n`, 'use', 'begins'],
    ['a new one where there is none', `${OLD}\n`, 'use', 'begins'],
    ['an end that would lose the new one', `${OLD}\nnext:${FRESH}\n`, 'finish', '--use'],
    ['an end without a beginning', `${OLD}\n`, 'finish', 'begins'],
  ] as const)('refuse %s, and say which is due', (_, text, step, due) => {
    expect(() => rotated(text, step, FRESH)).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        suggestions: [expect.stringContaining(due)],
      }) as Error,
    )
  })
})

describe('the file of a secret', () => {
  let folder: string
  let path: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wsmesh-rotate-'))
    path = join(folder, 'secret')
    await writeFile(path, `${OLD}\n`)
    await chmod(path, 0o400)
  })

  afterEach(async () => {
    await rm(folder, {recursive: true})
  })

  it('is replaced whole, with its mode, and nothing is left beside it', async () => {
    const rotation = await rotateSecret({secretFile: path, env: {}, dataDir: folder}, 'add')
    expect(rotation).toEqual({path, secrets: 2})
    expect(await readFile(path, 'utf8')).toMatch(/^the secret that is in use\nnext:[\w-]{43}\n$/)
    expect((await stat(path)).mode & 0o777).toBe(0o400)
    expect(await readdir(folder)).toEqual(['secret'])
  })

  it('may be a link to elsewhere, which stays one', async () => {
    const link = join(folder, 'link')
    await symlink(path, link)
    await rotateSecret({secretFile: link, env: {}, dataDir: folder}, 'add')
    expect(await readFile(path, 'utf8')).toContain('next:')
    expect((await readdir(folder)).toSorted()).toEqual(['link', 'secret'])
  })

  it("is not changed by a viewer, nor is what is no file", async () => {
    const viewer = join(folder, 'viewer')
    await writeFile(viewer, `viewer:${FRESH}\n`, {mode: 0o600})
    const asViewer = rotateSecret({secretFile: viewer, env: {}, dataDir: folder}, 'add')
    await expect(asViewer).rejects.toMatchObject({code: 'NOT_ALLOWED'})
    const env = {WSMESH_SECRET: OLD}
    await expect(rotateSecret({env, dataDir: folder}, 'add')).rejects.toMatchObject({code: 'USAGE'})
    const none = rotateSecret({env: {}, dataDir: join(folder, 'none')}, 'add')
    await expect(none).rejects.toMatchObject({code: 'SECRET_MISSING'})
  })
})
