import {describe, expect, it} from 'vitest'
import {foldersOfActions, isOfActions} from '../../../src/lib/node/stray-rejection.js'
import {AssertionFailed} from '../../../src/lib/util/assert.js'

function errorAt(...frames: readonly string[]): Error {
  const error = new Error('let go')
  error.stack = ['Error: let go', ...frames.map((frame) => `    at ${frame}`)].join('\n')
  return error
}

const folders = foldersOfActions(['/srv/app/actions/hello.mjs', '/srv/other'])

describe('what nobody caught', () => {
  it.each([
    ['in a module', errorAt('file:///srv/app/actions/hello.mjs:3:9', 'file:///w/dist/x.js:1:1')],
    ['in a folder', errorAt('async run (file:///srv/other/deep/a.mjs?version=2:3:9)')],
    ['in Node, for a module', errorAt('node:internal/fs:1:1', 'file:///srv/other/a.mjs:3:9')],
    ['in a library that they use', errorAt('f (/srv/app/node_modules/pg/a.js:1:1)', 'file:///srv/other/a.mjs:1:1')],
    ['in the timer of such a library', errorAt('f (/srv/app/node_modules/pg/a.js:1:1)')],
    ['without a place', errorAt('async open (node:internal/fs/promises:639:25)')],
    ['no error at all', null],
  ])('is of the actions: %s', (_name, reason) => {
    expect(isOfActions(reason, folders, '/w/')).toBe(true)
  })

  it.each([
    ['in wsmesh', errorAt('file:///w/dist/x.js:1:1', 'file:///srv/other/a.mjs:3:9')],
    ['in a library of its own', errorAt('f (/w/node_modules/mysql2/a.js:1:1)', 'file:///srv/other/a.mjs:1:1')],
    ['in a folder that begins alike', errorAt('file:///srv/otherwise/a.mjs:1:1')],
    ['an invariant', new AssertionFailed('broken')],
  ])('is a bug of wsmesh: %s', (_name, reason) => {
    expect(isOfActions(reason, folders, '/w/')).toBe(false)
  })

  it('is a bug of wsmesh where there are no actions', () => {
    expect(isOfActions(null, [])).toBe(false)
  })
})
