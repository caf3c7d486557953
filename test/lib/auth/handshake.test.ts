import {describe, expect, it} from 'vitest'
import {
  acceptorHandshake,
  dialerHandshake,
  type AcceptorHandshake,
  type Handshake,
  type HandshakeStep,
} from '../../../src/lib/auth/handshake.js'
import {viewerSecret} from '../../../src/lib/auth/keys.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import type {LinkRole} from '../../../src/lib/protocol/handshake-frame.js'
import {NODE_PROTOCOL, OPERATOR_PROTOCOL} from '../../../src/lib/protocol/version.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const secret = new MeshSecret('the secret of this mesh', 'a test')
const other = new MeshSecret('the secret of another mesh', 'a test')

function acceptor(options: {
  role?: LinkRole
  secret?: MeshSecret
  versions?: readonly number[]
  self?: string
} = {}): AcceptorHandshake {
  const {self = 'acceptor', role = 'node', ...rest} = options
  return acceptorHandshake({secret, ...rest, role, self: nodeId(self)})
}

function dialer(options: {
  role?: LinkRole
  secret?: MeshSecret
  versions?: readonly number[]
  self?: string
  keyIndex?: number
} = {}): Handshake {
  return dialerHandshake({secret, role: 'node', self: 'dialer', ...options})
}

/** Sends frames to and fro until nobody has anything to say; what each side's last step was. */
function shake(
  up: Handshake,
  down: AcceptorHandshake,
): {readonly dialer: HandshakeStep; readonly acceptor: HandshakeStep} {
  const proof = up.receive(down.opening)
  if (proof.send === undefined) return {dialer: proof, acceptor: {}}
  const verdict = down.receive(proof.send)
  if (verdict.send === undefined) throw new Error('an acceptor answers every proof')
  return {dialer: up.receive(verdict.send), acceptor: verdict}
}

/** What a side sends, where the test knows that it sends. */
function sent(step: HandshakeStep): string {
  if (step.send === undefined) throw new Error(`nothing was sent: ${JSON.stringify(step)}`)
  return step.send
}

function changed(text: string, change: Record<string, unknown>): string {
  return JSON.stringify({...(JSON.parse(text) as object), ...change})
}

describe('the handshake', () => {
  it('proves two nodes to each other', () => {
    const ends = shake(dialer(), acceptor())
    expect(ends.dialer).toEqual({
      done: {peer: 'acceptor', role: 'node', version: NODE_PROTOCOL, rights: 'operator'},
    })
    expect(ends.acceptor.done).toEqual({
      peer: 'dialer',
      role: 'node',
      version: NODE_PROTOCOL,
      rights: 'operator',
    })
    expect(ends.acceptor.fail).toBeUndefined()
  })

  it('proves an operator under any label', () => {
    const ends = shake(
      dialer({role: 'operator', self: 'send@host:1'}),
      acceptor({role: 'operator'}),
    )
    expect(ends.acceptor.done).toEqual({
      peer: 'send@host:1',
      role: 'operator',
      version: OPERATOR_PROTOCOL,
      rights: 'operator',
    })
    expect(ends.dialer.done?.peer).toBe('acceptor')
  })

  it('takes the highest version that both speak', () => {
    const ends = shake(dialer({versions: [1, 2, 4]}), acceptor({versions: [2, 3, 1]}))
    expect(ends.dialer.done?.version).toBe(2)
    expect(ends.acceptor.done?.version).toBe(2)
  })

  it('never sends the secret, nor the same nonce twice', () => {
    const first = acceptor()
    const second = acceptor()
    const frames = [first, second].map((side) => {
      const proof = sent(dialer().receive(side.opening))
      return [side.opening, proof, sent(side.receive(proof))]
    })
    expect(frames.flat().join(' ')).not.toContain('the secret of')
    expect(new Set(frames.flat()).size).toBe(6)
  })
})

describe('while the secret is being changed', () => {
  const old = 'the secret before it'
  const before = new MeshSecret(old, 'a test')
  const both = new MeshSecret('the secret of this mesh', 'a test', {others: [old]})

  it('any of the secrets that the acceptor has is a proof', () => {
    const viaOld = shake(dialer({secret: before}), acceptor({secret: both}))
    expect(viaOld.dialer.done?.peer).toBe('acceptor')
    expect(viaOld.acceptor.done?.peer).toBe('dialer')
    expect(shake(dialer(), acceptor({secret: both})).acceptor.done?.peer).toBe('dialer')
  })

  it('a dialer proves itself with each of its secrets, at another try', () => {
    const first = shake(dialer({secret: both}), acceptor({secret: before}))
    expect(first.dialer).toMatchObject({fail: {reason: 'wrong-secret'}})
    const second = shake(dialer({secret: both, keyIndex: 1}), acceptor({secret: before}))
    expect(second.dialer.done?.peer).toBe('acceptor')
  })

  it('what is taken away is no proof any more', () => {
    const held = new MeshSecret('the secret of this mesh', 'a test', {others: [old]})
    held.replace(secret)
    const ends = shake(dialer({secret: before}), acceptor({secret: held}))
    expect(ends.acceptor).toMatchObject({fail: {reason: 'wrong-secret'}})
  })
})

describe('a viewer', () => {
  const viewer = new MeshSecret(viewerSecret(secret), 'a test', {rights: 'viewer'})

  it('is told apart from an operator by its key', () => {
    const ends = shake(
      dialer({role: 'operator', self: 'me', secret: viewer}),
      acceptor({role: 'operator'}),
    )
    expect(ends.acceptor.done).toMatchObject({peer: 'me', rights: 'viewer'})
    expect(ends.dialer.done).toMatchObject({rights: 'viewer'})
  })

  it('cannot be a node', () => {
    const ends = shake(dialer({secret: viewer}), acceptor())
    expect(ends.acceptor).toMatchObject({fail: {reason: 'role'}})
  })

  it('cannot pass for an operator by saying that its secret is one', () => {
    const claimed = new MeshSecret(viewerSecret(secret), 'a test')
    const ends = shake(
      dialer({role: 'operator', self: 'me', secret: claimed}),
      acceptor({role: 'operator'}),
    )
    expect(ends.acceptor).toMatchObject({fail: {reason: 'wrong-secret'}})
  })
})

describe('the handshake fails', () => {
  it('when one bit of the secret is another', () => {
    const bytes = Buffer.from('the secret of this mesh')
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const wrong = Buffer.from(bytes)
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const ends = shake(dialer({secret: new MeshSecret(wrong, 'a test')}), acceptor())
      expect(ends.acceptor).toMatchObject({fail: {reason: 'wrong-secret'}})
    }
  })

  it('when the dialer has another secret', () => {
    const ends = shake(dialer({secret: other}), acceptor())
    expect(ends.acceptor).toMatchObject({fail: {reason: 'wrong-secret'}})
    expect(ends.acceptor.done).toBeUndefined()
    expect(ends.dialer).toMatchObject({fail: {reason: 'wrong-secret'}})
  })

  it('when they have no version in common', () => {
    const ends = shake(dialer({versions: [2]}), acceptor({versions: [1]}))
    expect(ends.dialer).toMatchObject({fail: {reason: 'version'}})
  })

  it('when the dialer names a version that was not offered', () => {
    const side = acceptor()
    const proof = sent(dialer().receive(side.opening))
    expect(side.receive(changed(proof, {version: 9}))).toMatchObject({fail: {reason: 'version'}})
  })

  it('when a node dials itself by another address', () => {
    const ends = shake(dialer({self: 'same'}), acceptor({self: 'same'}))
    expect(ends.acceptor).toMatchObject({fail: {reason: 'self'}})
    expect(ends.dialer).toMatchObject({fail: {reason: 'self'}})
  })

  it('not when an operator uses a node id as its label', () => {
    const ends = shake(
      dialer({role: 'operator', self: 'same'}),
      acceptor({role: 'operator', self: 'same'}),
    )
    expect(ends.dialer.done?.peer).toBe('same')
  })

  it('when the dialer has another role than its connection is for', () => {
    const ends = shake(dialer({role: 'operator'}), acceptor({role: 'node'}))
    expect(ends.acceptor).toMatchObject({fail: {reason: 'role'}})
    expect(ends.dialer).toMatchObject({fail: {reason: 'role'}})
  })

  it.each([
    ['any text', 'hello'],
    ['nothing', ''],
    ['bytes', Uint8Array.of(0xff, 0x00)],
    ['its own kind of frame', '{"type":"denied","reason":"self"}'],
  ])('when the acceptor receives %s', (_, data) => {
    const step = acceptor().receive(data)
    expect(step).toMatchObject({fail: {reason: 'bad-frame'}})
    expect(step.send).toBe('{"type":"denied","reason":"bad-frame"}')
  })

  it.each([
    ['any text', 'hello'],
    ['proved before anything was proved', `{"type":"proved","mac":"${'A'.repeat(43)}"}`],
  ])('when the dialer receives %s', (_, data) => {
    expect(dialer().receive(data)).toMatchObject({fail: {reason: 'bad-frame'}})
  })
})

describe('an attacker without the secret', () => {
  it('cannot answer a challenge by passing it to the node that made it', () => {
    // The node dials the attacker and is dialled by it: the attacker reflects every frame.
    const victimAccepts = acceptor({self: 'victim'})
    const victimDials = dialer({self: 'victim'})
    const proof = sent(victimDials.receive(victimAccepts.opening))
    expect(victimAccepts.receive(proof)).toMatchObject({fail: {reason: 'self'}})
    // Under another name the proof does not hold.
    const again = acceptor({self: 'victim'})
    const renamed = sent(dialer({self: 'victim'}).receive(again.opening))
    expect(again.receive(changed(renamed, {node: 'mallory'}))).toMatchObject({
      fail: {reason: 'wrong-secret'},
    })
  })

  it("cannot send a dialer's own proof back to it", () => {
    const victim = dialer()
    const proof = sent(victim.receive(acceptor().opening))
    const {mac} = JSON.parse(proof) as {mac: string}
    expect(victim.receive(JSON.stringify({type: 'proved', mac}))).toMatchObject({
      fail: {reason: 'wrong-secret'},
    })
  })

  it('cannot use an old proof again', () => {
    const first = acceptor()
    const proof = sent(dialer().receive(first.opening))
    expect(first.receive(proof).done).toBeDefined()
    expect(acceptor().receive(proof)).toMatchObject({fail: {reason: 'wrong-secret'}})
  })

  it('cannot use an old answer again', () => {
    const side = acceptor()
    const proved = sent(side.receive(sent(dialer().receive(side.opening))))
    const victim = dialer()
    victim.receive(side.opening)
    expect(victim.receive(proved)).toMatchObject({fail: {reason: 'wrong-secret'}})
  })

  it("cannot make a node's proof of an operator's", () => {
    const side = acceptor({role: 'node', versions: [1]})
    const proof = sent(dialer({role: 'operator', versions: [1]}).receive(side.opening))
    expect(side.receive(changed(proof, {role: 'node'}))).toMatchObject({
      fail: {reason: 'wrong-secret'},
    })
  })

  it('cannot take the better version away', () => {
    const side = acceptor({versions: [1, 2]})
    const worse = changed(side.opening, {versions: [1]})
    const proof = sent(dialer({versions: [1, 2]}).receive(worse))
    expect(side.receive(proof)).toMatchObject({fail: {reason: 'wrong-secret'}})
  })

  it('cannot pass itself off as another node', () => {
    const side = acceptor({self: 'a'})
    const proof = sent(dialer().receive(changed(side.opening, {node: 'b'})))
    expect(side.receive(proof)).toMatchObject({fail: {reason: 'wrong-secret'}})
  })

  it('cannot make a dialer believe by saying proved', () => {
    const victim = dialer()
    victim.receive(acceptor().opening)
    const guess = JSON.stringify({type: 'proved', mac: 'A'.repeat(43)})
    expect(victim.receive(guess)).toMatchObject({fail: {reason: 'wrong-secret'}})
  })
})
