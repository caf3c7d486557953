import {expect, test} from 'vitest'
import {observations} from '../../../src/lib/siege/verdict/observations.js'

const QUIET = {
  seconds: [], fastest: [], isSteady: true, connectP50Us: undefined, strange: 0, ledAway: 0,
}

test('of nothing remarkable nothing is said', () => {
  expect(observations(QUIET)).toEqual([])
  expect(observations({...QUIET, connectP50Us: 900_000})).toEqual([])
})

test('a server that lets nobody in for long, and messages that nobody can read', () => {
  expect(observations({...QUIET, connectP50Us: 1_508_351, strange: 25})).toEqual([
    'half of the connections waited 1.51 s and more to be let in',
    '25 messages came that this siege did not send, or that nothing can be read in any more',
  ])
})

test('who was led away by a node that was stopped is told from who was thrown out', () => {
  expect(observations({...QUIET, ledAway: 4})).toEqual([
    expect.stringMatching(/^4 connections led away .*\(4000\).*'closed>=0'/),
  ])
})
