/** What the types promise and refuse: the compiler is the judge (npm run check). */
import {describe, expectTypeOf, it} from 'vitest'
import {WebSocket} from 'ws'
import {connect} from '../../../src/lib/client/connect.js'
import type {Mesh, SocketConstructor} from '../../../src/lib/client/types.js'

interface Received {
  hello: [text: string]
  position: readonly [x: number, y: number]
  bye: []
}

interface Sent {
  hello: [text: string, urgent?: boolean]
  save: [{id: number}]
}

/** Never called: only its types are of interest. */
export function typed(mesh: Mesh<Received>, both: Mesh<Received, Sent>, loose: Mesh): void {
  mesh.on('hello', (text) => text.toUpperCase(), (code, text) => [code.toFixed(), text.trim()])
  mesh.once('position', (x, y) => x + y).off('bye').off('hello', undefined, () => {})
  mesh.send('hello', 'Hi').send('bye').send('position', 1, 2).close()
  both.send('hello', 'Hi', true).send('save', {id: 1})
  loose.on('anything', (text: string, number: number) => text.repeat(number)).send('x', 1, null)

  // @ts-expect-error: there is no such action
  mesh.on('helo', () => {})
  // @ts-expect-error: its detail is a text
  mesh.on('hello', (number: number) => number)
  // @ts-expect-error: it has a detail
  mesh.send('hello')
  // @ts-expect-error: which is a text
  mesh.send('hello', 1)
  // @ts-expect-error: and the only one
  mesh.send('hello', 'Hi', true)
  // @ts-expect-error: it is only received
  both.send('bye')
  // @ts-expect-error: it is only sent
  both.on('save', () => {})
  // @ts-expect-error: what is only sent has no answer of a known shape
  void both.request('save', {id: 1})
  // @ts-expect-error: a code and a text
  loose.on('x', undefined, (code: string) => code)
  // @ts-expect-error: the state is nobody's to set
  mesh.state = {type: 'connecting'}
  // @ts-expect-error: details are lists
  connect<{hello: string}>('ws://x')
  // @ts-expect-error: no such option
  connect('ws://x', {tokn: ''})
  // @ts-expect-error: a token is a text
  connect('ws://x', {getToken: () => 1})
}

describe('types', () => {
  it('of what comes', () => {
    const asked = (mesh: Mesh<Received>) => mesh.request('hello', 'Hi')
    expectTypeOf(asked).returns.resolves.toEqualTypeOf<[text: string]>()
    expectTypeOf(connect<Received, Sent>).returns.toEqualTypeOf<Mesh<Received, Sent>>()
    expectTypeOf(connect).parameter(1).exclude<undefined>().toHaveProperty('signal')
    expectTypeOf(WebSocket).toExtend<SocketConstructor>()
  })

  it('of messages, by their action', () => {
    type Iterated = Mesh<Received> extends AsyncIterable<infer M> ? M : never
    expectTypeOf<Extract<Iterated, {action: 'hello'}>['details']>().toEqualTypeOf<[text: string]>()
    expectTypeOf<Iterated['action']>().toEqualTypeOf<'hello' | 'position' | 'bye'>()
  })

  it('of states, by their type', () => {
    type State = Mesh['state']
    expectTypeOf<Extract<State, {type: 'waiting'}>['delayMs']>().toBeNumber()
    expectTypeOf<Extract<State, {type: 'open'}>['recovered']>().toEqualTypeOf<boolean | null>()
  })
})
