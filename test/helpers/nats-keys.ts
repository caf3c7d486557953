/** Keys of NATS users, and what an operator of NATS signs with `nsc`: made here, for one test. */
import {randomBytes} from 'node:crypto'
import {nkeys} from '@nats-io/transport-node'

type Keys = ReturnType<typeof nkeys.createUser>

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export interface UserKey {
  readonly publicKey: string
  /** The whole of a file of `nk -gen user`. */
  readonly seed: string
}

export function makeUserKey(): UserKey {
  const user = nkeys.createUser()
  return {publicKey: user.getPublicKey(), seed: `${text(user.getSeed())}\n`}
}

export interface SignedAccounts {
  /** What stands in the configuration of a server that lets in who is signed. */
  readonly config: string
  /** A file of `nsc generate creds` for a user of the account. */
  readonly creds: string
  /** The same, of an account that the server does not know. */
  readonly foreignCreds: string
}

/** An operator, an account with JetStream, and users. */
export function makeSignedAccounts(): SignedAccounts {
  const operator = nkeys.createOperator()
  const [account, system, foreign] = [
    nkeys.createAccount(), nkeys.createAccount(), nkeys.createAccount(),
  ]
  const jetStream = {mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1}
  const limits = {subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1}
  const accountJwt = (own: Keys, more: object): string =>
    sign(own, operator, {type: 'account', limits: {...limits, ...more}})
  const operatorJwt = sign(operator, operator, {
    type: 'operator', system_account: system.getPublicKey(),
  })
  const config = `operator: ${operatorJwt}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
  ${account.getPublicKey()}: ${accountJwt(account, jetStream)}
  ${system.getPublicKey()}: ${accountJwt(system, {})}
}`
  return {config, creds: credsOf(account), foreignCreds: credsOf(foreign)}
}

function credsOf(account: Keys): string {
  const user = nkeys.createUser()
  const jwt = sign(user, account, {type: 'user', subs: -1, data: -1, payload: -1})
  return [
    '-----BEGIN NATS USER JWT-----', jwt, '------END NATS USER JWT------', '',
    '-----BEGIN USER NKEY SEED-----', text(user.getSeed()), '------END USER NKEY SEED------', '',
  ].join('\n')
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function sign(subject: Keys, issuer: Keys, nats: object): string {
  const head = base64({typ: 'JWT', alg: 'ed25519-nkey'})
  const body = base64({
    jti: randomBytes(16).toString('hex'), iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(), sub: subject.getPublicKey(), name: 'test',
    nats: {...nats, version: 2},
  })
  const signature = issuer.sign(new TextEncoder().encode(`${head}.${body}`))
  return `${head}.${body}.${Buffer.from(signature).toString('base64url')}`
}
