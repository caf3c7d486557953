import {describe, expect, it} from 'vitest'
import {parseSqlQuery} from '../../../src/lib/auth/sql-query.js'

describe('a query', () => {
  it.each([
    ['SELECT 1 FROM s WHERE id = :session', 'SELECT 1 FROM s WHERE id = ?', ['session']],
    ['select :now, :session ;', 'select ?, ?', ['now', 'session']],
    ["SELECT ':session' FROM s WHERE id=:session", "SELECT ':session' FROM s WHERE id=?", ['session']],
    ["SELECT 'it''s :now' FROM s WHERE id=:session", "SELECT 'it''s :now' FROM s WHERE id=?",
      ['session']],
    ["SELECT '\\':now' FROM s WHERE id=:session", "SELECT '\\':now' FROM s WHERE id=?", ['session']],
    ['SELECT `:now` FROM s /* ? ; :x */ WHERE id=:session',
      'SELECT `:now` FROM s /* ? ; :x */ WHERE id=?', ['session']],
    ['SELECT 1 -- :x?\nFROM s WHERE id=:session', 'SELECT 1 -- :x?\nFROM s WHERE id=?', ['session']],
    ['WITH t AS (SELECT 1) SELECT 1 FROM t WHERE :session = :ip AND :user_agent AND :language',
      'WITH t AS (SELECT 1) SELECT 1 FROM t WHERE ? = ? AND ? AND ?',
      ['session', 'ip', 'user_agent', 'language']],
  ])('%s', (text, sql, names) => {
    expect(parseSqlQuery(text)).toEqual({sql, names})
  })

  it.each([
    ['', 'no SELECT'],
    ['DELETE FROM s WHERE id = :session', 'no SELECT'],
    ['SELECT 1 FROM s', 'would let everybody in'],
    ["SELECT 1 FROM s WHERE id = ':session'", 'would let everybody in'],
    ['SELECT 1 FROM s WHERE id = ? AND :session', 'placeholders have names'],
    ['SELECT :session; DROP TABLE s', 'one SELECT'],
    ['SELECT 1 FROM s WHERE id = :sessoin', ':session, :user_agent, :ip, :language, :now'],
  ])('%s is none', (text, why) => {
    expect(() => parseSqlQuery(text)).toThrow(expect.objectContaining({
      code: 'CONFIG_INVALID', message: expect.stringContaining(why) as string,
    }))
  })
})
