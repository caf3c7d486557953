import {createHmac} from 'node:crypto'
import {SignJWT} from 'jose'
import {describe, expect, it} from 'vitest'

import {readPlainToken} from '../../../src/lib/auth/plain-token.js'

const key = new Uint8Array(32).fill(7)
const other = new Uint8Array(32).fill(8)
const HEADER = {alg: 'HS256', typ: 'JWT'}
const exp = 2_000_000_000

function token(header: unknown, payload: unknown, secret = key): string {
  const signed = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

describe('a token of the usual kind', () => {
  it('is what the library signs', async () => {
    const jwt = await new SignJWT({sub: '42', exp}).setProtectedHeader(HEADER).sign(key)
    expect(readPlainToken(jwt, [key])).toEqual({payload: {sub: '42', exp}, signedBy: 0})
  })

  it.each([[HEADER], [{typ: 'JWT', alg: 'HS256'}], [{alg: 'HS256'}]])('with header %j', (header) => {
    const given = token(header, {sub: '42', exp, iat: 1})
    expect(readPlainToken(given, [other, key])?.signedBy).toBe(1)
    expect(readPlainToken(given, [other])).toBeUndefined()
    expect(readPlainToken(given, [])).toBeUndefined()
  })
})

describe('left to the library is', () => {
  it.each([
    ['no algorithm', {alg: 'none'}, {exp}],
    ['another algorithm', {alg: 'HS512', typ: 'JWT'}, {exp}],
    ['a key that is named', {...HEADER, kid: 'a'}, {exp}],
    ['what must be understood', {...HEADER, crit: ['b64'], b64: false}, {exp}],
    ['no end', HEADER, {sub: '42'}],
    ['an end that is a text', HEADER, {exp: '2000000000'}],
    ['a beginning', HEADER, {exp, nbf: 1}],
    ['a text for its time', HEADER, {exp, iat: 'now'}],
    ['a list', HEADER, [exp]],
    ['null', HEADER, null],
  ])('%s', (_what, header, payload) => {
    expect(readPlainToken(token(header, payload), [key])).toBeUndefined()
  })

  it('every other text', () => {
    const good = token(HEADER, {sub: '42', exp})
    const [header = '', payload = '', signature = ''] = good.split('.')
    const forged = Buffer.from(JSON.stringify({sub: '1', exp})).toString('base64url')
    for (const text of [
      '', '.', '..', '...', header, `${header}.${payload}`, `${header}.${payload}.`,
      `${header}.${forged}.${signature}`, `${good}=`, ` ${good}`, `${good}.`, `${good}.${signature}`,
      `${header}.${signature}`, good.slice(0, -1), `${header}..${signature}`,
    ]) {
      expect(readPlainToken(text, [key]), text).toBeUndefined()
    }
  })

  it('a payload that is signed and no JSON', () => {
    const signed = `${token(HEADER, {exp}).split('.')[0]}.${Buffer.from('{"exp":').toString('base64url')}`
    const signature = createHmac('sha256', key).update(signed).digest('base64url')
    expect(readPlainToken(`${signed}.${signature}`, [key])).toBeUndefined()
  })
})
