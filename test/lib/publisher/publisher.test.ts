/** The library against servers that answer as a node does, worse, or not at all. */
import {afterEach, describe, expect, it} from 'vitest'
import {createPublisher, PublishFailed} from '../../../src/lib/publisher/index.js'
import {Application} from '../../helpers/application.js'

const RECEIPT = {id: 'n-1', position: 'e.1.1', connections: 2, nodes: 1, byNode: [], missing: []}

let opened: Application[] = []

afterEach(async () => {
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]()
})

async function node(): Promise<Application> {
  const application = await Application.open()
  application.says(200, RECEIPT)
  opened.push(application)
  return application
}

function urlOf({port}: Application): string {
  return `http://127.0.0.1:${port}`
}

async function failureOf(sending: Promise<unknown>): Promise<PublishFailed> {
  const failure = await sending.catch((error: unknown) => error)
  if (!(failure instanceof PublishFailed)) throw new Error(`Not PublishFailed: ${String(failure)}`)
  return failure
}

describe('send', () => {
  it('posts the message with an id of its own, and resolves with the receipt', async () => {
    const one = await node()
    const publisher = createPublisher(`${urlOf(one)}/`, {key: 'k'})
    expect(await publisher.send('hello', ['Hi'], {user: 42})).toEqual(RECEIPT)
    const [asked] = one.asked
    expect([asked?.method, asked?.headers.authorization]).toEqual(['POST', 'Bearer k'])
    const body = JSON.parse(asked?.body ?? '') as Record<string, unknown>
    expect(body).toEqual({
      action: 'hello', details: ['Hi'], target: {user: 42}, messageId: expect.stringMatching(/^js-/),
    })
    await publisher.send('hello', [], {user: 42}, {id: 'order-7'})
    expect(JSON.parse(one.asked[1]?.body ?? '')).toMatchObject({messageId: 'order-7'})
  })

  it.each([429, 500, 502, 503, 504])('after %s it tries another node, under the same id', async (status) => {
    const [one, two] = [await node(), await node()]
    for (const each of [one, two]) {
      each.answer = (_asked, response) => {
        // Whoever is asked first fails.
        const isFirst = one.asked.length + two.asked.length === 1
        response.writeHead(isFirst ? status : 200).end(JSON.stringify(RECEIPT))
      }
    }
    expect(await createPublisher([urlOf(one), urlOf(two)], {key: 'k'}).send('a', 1, {user: 1}))
      .toEqual(RECEIPT)
    expect([one.asked.length, two.asked.length]).toEqual([1, 1])
    expect(one.asked[0]?.body).toBe(two.asked[0]?.body)
  })

  it('goes on without a node that is gone, and stays with the one that answers', async () => {
    const [gone, one] = [await node(), await node()]
    const url = urlOf(gone)
    await gone[Symbol.asyncDispose]()
    const publisher = createPublisher([url, urlOf(one)], {key: 'k'})
    for (let n = 0; n < 5; n += 1) await publisher.send('a', n, {user: 1})
    expect(one.asked).toHaveLength(5)
  })

  it.each([
    [400, false], [401, false], [403, false], [404, false], [413, false], [302, false], [501, false],
  ])('%s is final', async (status, mayBeSent) => {
    const one = await node()
    one.says(status, {error: {status, message: 'Because'}})
    const failure = await failureOf(createPublisher(urlOf(one), {key: 'k'}).send('a', 1, {user: 1}))
    expect([failure.status, failure.message, failure.mayBeSent]).toEqual([status, 'Because', mayBeSent])
    expect(one.asked).toHaveLength(1)
  })

  it('knows that what is wrong was not sent before either', async () => {
    const one = await node()
    one.answer = (_asked, response) => {
      if (one.asked.length === 1) response.destroy()
      else response.writeHead(400).end('{}')
    }
    const failure = await failureOf(createPublisher(urlOf(one), {key: 'k'}).send('a', 1, {user: 1}))
    expect([failure.status, failure.mayBeSent]).toEqual([400, false])
  })

  it('says whether it may have been sent when the time is over', async () => {
    const one = await node()
    one.says(503, {error: {status: 503, message: 'Full'}})
    const publisher = createPublisher(urlOf(one), {key: 'k', timeoutMs: 300})
    const full = await failureOf(publisher.send('a', 1, {user: 1}, {id: 'x'}))
    expect([full.status, full.message, full.mayBeSent, full.id]).toEqual([503, 'Full', false, 'x'])
    expect(one.asked.length).toBeGreaterThan(1)
    one.answer = (_asked, response) => void response.destroy()
    const cut = await failureOf(publisher.send('a', 1, {user: 1}))
    expect([cut.status, cut.mayBeSent]).toEqual([0, true])
    expect(cut.message).toMatch(/^No node answered: /)
    expect(cut.message).not.toContain('Bearer')
  })

  it('does as Retry-After says, within its time', async () => {
    const one = await node()
    one.answer = (_asked, response) => {
      response.writeHead(503, {'retry-after': '60'}).end('{}')
    }
    const publisher = createPublisher(urlOf(one), {key: 'k', timeoutMs: 200})
    expect((await failureOf(publisher.send('a', 1, {user: 1}))).status).toBe(503)
    expect(one.asked).toHaveLength(1)
  })

  it('rejects with the reason of its signal', async () => {
    const one = await node()
    one.answer = () => {}
    const controller = new AbortController()
    const publisher = createPublisher(urlOf(one), {key: 'k', signal: controller.signal})
    const sending = publisher.send('a', 1, {user: 1})
    controller.abort(new Error('enough'))
    await expect(sending).rejects.toThrow('enough')
  })

  it.each([['<html>'], ['{}'], ['[]']])('is not content with %s', async (body) => {
    const one = await node()
    one.says(200, body)
    const failure = await failureOf(createPublisher(urlOf(one), {key: 'k'}).send('a', 1, {user: 1}))
    expect([failure.status, failure.mayBeSent]).toEqual([200, true])
  })
})

describe('sendAll', () => {
  it('posts one batch of all or none, and resolves with the receipts', async () => {
    const one = await node()
    one.says(200, {published: 2, failed: 0, results: [RECEIPT, {...RECEIPT, id: 'n-2'}]})
    const publisher = createPublisher(urlOf(one), {key: 'k'})
    const receipts = await publisher.sendAll([
      {action: 'a', details: 1, target: {user: 1}, id: 'x'}, {action: 'b', target: {everyone: true}},
    ])
    expect(receipts.map(({id}) => id)).toEqual(['n-1', 'n-2'])
    const {mode, messages} = JSON.parse(one.asked[0]?.body ?? '') as {
      mode: string; messages: {messageId: string}[]
    }
    expect([mode, messages.length, messages[0]?.messageId]).toEqual(['all', 2, 'x'])
    expect(await publisher.sendAll([])).toEqual([])
    expect(one.asked).toHaveLength(1)
  })

  it('rejects when one is wrong', async () => {
    const one = await node()
    one.says(400, {error: {status: 400, message: 'Message 1 is wrong'}})
    const publisher = createPublisher(urlOf(one), {key: 'k'})
    expect((await failureOf(publisher.sendAll([{action: '', target: {user: 1}}]))).status).toBe(400)
  })
})

describe('createPublisher', () => {
  it.each([[[]], ['node'], ['ws://node'], [['http://a', '']]])('refuses %j', (nodes) => {
    expect(() => createPublisher(nodes, {key: 'k'})).toThrow(TypeError)
  })
})
