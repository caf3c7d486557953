/** Tokens of somebody else, whose keys are behind a URL. */
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {exportJWK, generateKeyPair, SignJWT} from 'jose'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {tokenAuthenticator} from '../../../src/lib/auth/token-authenticator.js'
import {loadTokenKeys} from '../../../src/lib/auth/token-keys.js'
import {authenticatorContract, type AuthenticatorBench} from '../../contract/authenticator-contract.js'
import {keepingLog} from '../../helpers/auth-bench.js'

/** Seconds since 1970. */
function exp(ms: number): number {
  return (Date.now() + ms) / 1000
}

async function open(): Promise<AuthenticatorBench> {
  const {privateKey, publicKey} = await generateKeyPair('ES256')
  const other = await generateKeyPair('ES256')
  const body = JSON.stringify({keys: [{...(await exportJWK(publicKey)), kid: 'k1'}]})
  let isDown = false
  const server = createServer((_request, response) => {
    response.writeHead(isDown ? 500 : 200).end(isDown ? '' : body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  let nowMs = 0
  const url = `http://127.0.0.1:${port}/jwks.json`
  const keys = await loadTokenKeys([url], {log: keepingLog(), now: () => nowMs})
  const secret = new MeshSecret('a secret for tests only', 'test')
  const sign = (claims: Record<string, unknown>, key = privateKey): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({alg: 'ES256', kid: 'k1'}).sign(key)
  return {
    authenticator: tokenAuthenticator(secret, {keys, claims: {plan: 'plan'}}),
    async logIn({user, groups, session, language, properties, endsInMs = 60_000}) {
      const claims = {sub: user, groups, session, language, ...properties, exp: exp(endsInMs)}
      return {token: await sign(claims)}
    },
    wrong: {token: await sign({sub: '42', exp: exp(60_000)}, other.privateKey)},
    nonsense: async () => ({token: await sign({sub: {id: 42}, exp: exp(60_000)})}),
    async down() {
      isDown = true
    },
    async up() {
      isDown = false
      nowMs += 60_000
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

authenticatorContract(open)
