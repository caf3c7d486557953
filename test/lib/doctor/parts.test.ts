import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'

import {serveFlags} from '../../../src/lib/cli/serve-flags.js'
import {strayVariables} from '../../../src/lib/cli/stray-variables.js'
import {actionFindings} from '../../../src/lib/doctor/action-files.js'
import {fileSystemOf} from '../../../src/lib/doctor/file-systems.js'
import {bitsOf} from '../../../src/lib/doctor/gather-files.js'
import {aheadMs} from '../../../src/lib/doctor/gather-mesh.js'
import {missingPrivileges} from '../../../src/lib/doctor/grants.js'

function missing(...grants: string[]) {
  return missingPrivileges({
    grants, database: 'app_1', tables: ['wsmesh_members', 'wsmesh_lease'],
    needed: ['SELECT', 'DELETE'],
  })
}

describe('privileges of SHOW GRANTS', () => {
  test.each([
    [['GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION'], []],
    [['GRANT SELECT, DELETE ON `app_1`.* TO `a`@`%`'], []],
    [['GRANT SELECT, DELETE ON `app\\_1`.* TO `a`@`%`'], []],
    [['GRANT SELECT, DELETE ON `app%`.* TO `a`@`%`'], []],
    [['GRANT SELECT, DELETE ON `appx1`.* TO `a`@`%`'], ['SELECT', 'DELETE']],
    [['GRANT SELECT ON `app_1`.* TO `a`@`%`', 'GRANT DELETE ON `app_1`.`wsmesh_lease` TO `a`@`%`'],
      ['DELETE']],
    [['GRANT SELECT, DELETE ON `app_1`.`wsmesh_lease` TO `a`@`%`',
      'GRANT SELECT, DELETE ON `app_1`.`wsmesh_members` TO `a`@`%`'], []],
    [['GRANT SELECT (`id`, `term`), DELETE ON `app_1`.* TO `a`@`%`'], ['SELECT']],
    [['GRANT USAGE ON *.* TO `a`@`%`'], ['SELECT', 'DELETE']],
  ])('%j: %j are missing', (grants, expected) => {
    expect(missing(...grants)).toEqual(expected)
  })

  test('of roles nothing is said', () => {
    expect(missing('GRANT `writers` TO `a`@`%`', 'GRANT USAGE ON *.* TO `a`@`%`')).toBeUndefined()
  })
})

test('files of actions are looked at without running them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-test-'))
  try {
    const [good, bad, none] = ['good.mjs', 'bad.mjs', 'none.mjs'].map((name) => join(folder, name))
    await writeFile(good ?? '', "throw new Error('it ran')\nexport default () => {}")
    await writeFile(bad ?? '', 'const a = 1\nexport default ( => {')
    await writeFile(join(folder, 'notes.txt'), 'export default ( => {')
    expect(await actionFindings([folder, none ?? '', join(folder, 'notes.txt', 'x')])).toEqual([
      {path: folder, wrong: undefined},
      {path: bad, wrong: expect.stringMatching(/^SyntaxError: .*, line 2$/), isInFolder: true},
      {path: good, wrong: undefined, isInFolder: true},
      {path: none, wrong: 'it is not there'},
      {path: join(folder, 'notes.txt', 'x'), wrong: 'it cannot be read (ENOTDIR)'},
    ])
  } finally {
    await rm(folder, {recursive: true})
  }
})

test.each([
  ['export default (mesh) => {}', true],
  ["import f from 'app'\nexport {f as default}", true],
  ["export {default} from './other.mjs'", true],
  ['module.exports = (mesh) => {}', true],
  ['exports["default"] = (mesh) => {}', true],
  ["const at = 'http://app'; export default () => at", true],
  ['export const hello = (mesh) => {}', false],
  ['// export default (mesh) => {}\nexport const a = 1', false],
  ['/* export default f\n*/\nfunction f() {}', false],
  ['', false],
])('an action file %j has a default export: %s', async (source, isGood) => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-test-'))
  try {
    // By its name it may be either; Node looks at package.json.
    const path = join(folder, /exports/.test(source) ? 'actions.cjs' : 'actions.mjs')
    await writeFile(path, source)
    const wrong = isGood ? undefined : expect.stringContaining('export default (mesh)')
    expect(await actionFindings([path])).toEqual([{path, wrong}])
  } finally {
    await rm(folder, {recursive: true})
  }
})

test('a variable that is no setting is named, with the one that was meant', () => {
  expect(strayVariables({
    WSMESH_MAX_CLIENT: '5', WSMESH_QUUX_OF_THE_DAY: '', WSMESH_POOL: 'sqlite:', WSMESH_SECRET: 'x',
    WSMESH_SUPERVISION: '1', WSMESH_TEST_RETRY: '1', PATH: '/bin',
    WSMESH_SERVICE_HOST: '10.1.2.3', WSMESH_PORT_8080_TCP_ADDR: '10.1.2.3',
  })).toEqual([
    {name: 'WSMESH_MAX_CLIENT', meant: 'WSMESH_MAX_CLIENTS'},
    {name: 'WSMESH_QUUX_OF_THE_DAY', meant: undefined},
  ])
})

test('every variable that sets a flag of serve is a setting', () => {
  const names = Object.values(serveFlags()).flatMap(({env}) => env === undefined ? [] : [env])
  expect(strayVariables(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([])
})

describe('file systems', () => {
  const mounts = [
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '30 22 0:40 / /srv rw,relatime - nfs4 nas:/srv rw',
    '31 22 0:41 / /srv/my\\040disk rw,relatime - xfs /dev/sdb1 rw',
    '32 22 0:42 / /mnt rw - ext4 /dev/sdc1 rw',
    '33 22 0:43 / /mnt rw - fuse.sshfs a@b:/ rw',
  ].join('\n')

  test.each([
    ['/var/lib', 'ext4'], ['/srv/wsmesh', 'nfs4'], ['/srv', 'nfs4'], ['/srvx', 'ext4'],
    ['/srv/my disk/a', 'xfs'], ['/mnt/a', 'fuse.sshfs'],
  ])('%s is on %s', (path, type) => {
    expect(fileSystemOf(path, mounts)).toBe(type)
  })

  test('nothing is known of no table', () => {
    expect(fileSystemOf('/var', '')).toBeUndefined()
  })
})

test.each([
  // Made by openssl rand -base64 32, and by openssl rand -hex 16.
  ['r5gAH9o0gTYyvbCWJHMoXk3BoPZ2i8DPEi0dRrQwJ1s=', true],
  ['9f86d081884c7d659a2feaa0c55ad015', true],
  ['changeme-changeme', false],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', false],
  ['my-very-secret-secret', false],
  ['wsmeshsecret2026', false],
  ['correct horse battery staple wrong donkey engine paper', true],
])('the secret %s is good enough: %s', (secret, isGood) => {
  expect(bitsOf(secret) >= 100).toBe(isGood)
})

test.each([
  // Their clock shows whole seconds.
  [10_000, 10_100, 10_300, 0],
  [10_000, 10_900, 11_100, 0],
  [15_000, 10_100, 10_300, 4700],
  [10_000, 20_100, 20_300, -9100],
])('a clock that shows %i between %i and %i is %i ahead', (theirs, sent, received, expected) => {
  expect(aheadMs(theirs, sent, received)).toBe(expected)
})
