import {describe, expect, it} from 'vitest'
import {assert, AssertionFailed, unreachable} from '../../../src/lib/util/assert.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'

describe('assert', () => {
  it('throws its message unless the condition holds', () => {
    expect(() => assert(true, 'never said')).not.toThrow()
    expect(() => assert('', 'text is empty')).toThrow(new AssertionFailed('text is empty'))
  })

  it('shows the value that no case took', () => {
    expect(() => unreachable('surprise' as never)).toThrow('Unreachable value: "surprise"')
  })
})

describe('a WsmeshError', () => {
  it('has code, message, cause and suggestions', () => {
    const cause = new Error('inner')
    const error = new WsmeshError('USAGE', 'What happened', {cause, suggestions: ['try this']})
    expect(error).toMatchObject({
      name: 'WsmeshError',
      code: 'USAGE',
      message: 'What happened',
      cause,
      suggestions: ['try this'],
    })
    expect(new WsmeshError('USAGE', 'x').suggestions).toEqual([])
  })
})
