import {expect, test} from 'vitest'
import {Log} from '../../../src/lib/mesh/log.js'
import {recover} from '../../../src/lib/mesh/recovery.js'

/** Entries 1 to 6 of terms 1, 1, 1, 3, 3, 4; the first two pruned; five of them delivered. */
function state(): {log: Log; delivered: number} {
  const log = new Log()
  log.reset('e')
  for (const [index, term] of [1, 1, 1, 3, 3, 4].entries()) {
    log.append({term, seq: index + 1, envelope: undefined}, index)
  }
  log.prune(2, Infinity, 0)
  return {log, delivered: 5}
}

test.each([
  ['the place just before the window', {epoch: 'e', term: 1, seq: 2}, [3, 4, 5]],
  ['a place in it', {epoch: 'e', term: 3, seq: 4}, [5]],
  ['the last delivered', {epoch: 'e', term: 3, seq: 5}, []],
])('recovers all that was delivered after %s', (_, position, expected) => {
  const recovery = recover(state(), position)
  expect(recovery.type === 'recovered' && recovery.entries.map(({seq}) => seq)).toEqual(expected)
})

test.each([
  ['another epoch', {epoch: 'f', term: 3, seq: 4}],
  ['older than the window', {epoch: 'e', term: 1, seq: 1}],
  ['a seq beyond the end of its term', {epoch: 'e', term: 1, seq: 4}],
  ['a seq before the start of its term', {epoch: 'e', term: 3, seq: 3}],
  ['a term that has no entry here', {epoch: 'e', term: 2, seq: 4}],
  ['not delivered, and another stands there', {epoch: 'e', term: 3, seq: 6}],
  ['beyond the log, of a term that is over', {epoch: 'e', term: 3, seq: 7}],
])('says lost of %s', (_, position) => {
  expect(recover(state(), position)).toEqual({type: 'lost'})
})

test.each([
  ['held and not delivered', {epoch: 'e', term: 4, seq: 6}],
  ['beyond the log, of its last term', {epoch: 'e', term: 4, seq: 9}],
  ['of a later term', {epoch: 'e', term: 5, seq: 7}],
])('says ahead of what is %s', (_, position) => {
  expect(recover(state(), position)).toEqual({type: 'ahead'})
})
