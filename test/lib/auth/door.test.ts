/** Cookies, origins and proxies: what an upgrade request says, and what of it is believed. */
import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {cookieOf, isCookieName} from '../../../src/lib/auth/cookies.js'
import {OriginList} from '../../../src/lib/auth/origins.js'
import {TrustedProxies} from '../../../src/lib/auth/trusted-proxies.js'

describe('cookieOf', () => {
  it.each([
    ['sid=abc', 'abc'],
    ['a=1; sid=abc; b=2', 'abc'],
    ['a=1;sid=abc', 'abc'],
    ['  sid = abc ; b=2', 'abc'],
    ['sid="abc"', 'abc'],
    ['sid="a b, c"', 'a b, c'],
    ['sid=abc=def==', 'abc=def=='],
    ['sid=first; sid=second', 'first'],
    ['xsid=no; sid=yes', 'yes'],
    ['sid=a%2Cb', 'a,b'],
    ['sid=s%3Aabc.def', 's:abc.def'],
    ['sid=100%', '100%'],
    ['sid="', '"'],
    ['sid=', undefined],
    ['sid=""', undefined],
    ['sid', undefined],
    ['SID=abc', undefined],
    ['sid=a%0d%0ab', undefined],
    ['sid=a\tb', undefined],
    ['', undefined],
  ])('of %j is %j', (header, value) => {
    expect(cookieOf(header, 'sid')).toBe(value)
  })

  it('is found among any number of others', () => {
    const others = Array.from({length: 500}, (_, n) => `c${n}=${n}`)
    expect(cookieOf([...others, 'sid=here', ...others].join('; '), 'sid')).toBe('here')
  })

  it('never throws, and has no control character', () => {
    fc.assert(fc.property(fc.string({unit: 'binary'}), (header) => {
      expect(cookieOf(header, 'sid') ?? '').not.toMatch(/\p{Cc}/u)
      expect(cookieOf(`sid=${header}`, 'sid') ?? '').not.toMatch(/\p{Cc}/u)
    }))
  })

  it.each([['PHPSESSID', true], ['__Host-sid', true], ['', false], ['a b', false], ['a=b', false]])(
    '%j is a name: %s',
    (name, is) => expect(isCookieName(name)).toBe(is),
  )
})

describe('an origin', () => {
  it.each([
    ['https://example.com', 'https://example.com', true],
    ['https://example.com', 'https://EXAMPLE.com', true],
    ['https://example.com:443', 'https://example.com', true],
    ['https://example.com', 'https://example.com:8443', false],
    ['https://example.com', 'http://example.com', false],
    ['https://example.com', 'https://example.com.evil.test', false],
    ['https://example.com', 'https://evil.test/https://example.com', false],
    ['https://example.com', 'https://example.com@evil.test', false],
    ['https://example.com', 'https://sub.example.com', false],
    ['https://example.com', 'https://examplexcom', false],
    ['https://example.com', 'null', false],
    ['https://example.com', '', false],
    ['https://example.com', 'https://example.com, https://evil.test', false],
    ['https://*.example.com', 'https://a.example.com', true],
    ['https://*.example.com', 'https://a.b.example.com', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://evil-example.com', false],
    ['https://*.example.com', 'https://.example.com', false],
    ['https://*.example.com', 'https://evil.test/.example.com', false],
    ['http://localhost:3000', 'http://localhost:3000', true],
    ['http://[::1]:3000', 'http://[::1]:3000', true],
    ['https://xn--bcher-kva.example', 'https://xn--bcher-kva.example', true],
  ])('%s lets %s in: %s', (pattern, origin, isAllowed) => {
    expect(new OriginList([pattern]).allows(origin)).toBe(isAllowed)
  })

  it.each(['', '*', 'null', 'example.com', 'https://*', 'https://*.com', 'https://a*.example.com',
    'https://example.com/', 'https://example.com/path', 'https://*.*.com', 'https://u:p@example.com',
  ])('%j is none', (pattern) => {
    expect(() => new OriginList([pattern])).toThrow(expect.objectContaining({
      code: 'CONFIG_INVALID',
    }))
  })

  it('of any text has an answer', () => {
    const list = new OriginList(['https://*.example.com'])
    fc.assert(fc.property(fc.string({unit: 'binary'}), (text) => {
      expect(list.allows(text)).toBe(false)
    }))
  })
})

describe('the address of a client', () => {
  const proxies = new TrustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

  it.each([
    ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['10.0.0.1', '198.51.100.1, 10.0.0.2, 127.0.0.1', '198.51.100.1'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', 'unknown', '10.0.0.1'],
    ['10.0.0.1', 'evil, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '10.0.0.2, 10.0.0.3', '10.0.0.2'],
    ['10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['fd00::1', '2001:db8::1', '2001:db8::1'],
    ['::ffff:203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['11.0.0.1', '10.0.0.1', '11.0.0.1'],
  ])('that comes from %s with %j is %s', (peer, header, address) => {
    expect(proxies.clientOf(peer, header)).toBe(address)
  })

  it('is the peer where no proxy is trusted, loopback neither', () => {
    expect(new TrustedProxies([]).clientOf('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1')
  })

  it.each(['', 'localhost', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/8/8', '1.2.3.4/-1'])(
    'has no proxy %j',
    (block) => {
      expect(() => new TrustedProxies([block])).toThrow(expect.objectContaining({
        code: 'CONFIG_INVALID',
      }))
    },
  )
})
