import {describe, expect, it} from 'vitest'
import {readWebhookAnswer} from '../../../../src/lib/node/webhooks/webhook-answer.js'

const hello = {action: 'hello', details: ['Hi'], target: {user: 42}}

function read(status: number, body: unknown): unknown {
  return readWebhookAnswer({status, body: typeof body === 'string' ? body : JSON.stringify(body)})
}

describe('an answer', () => {
  it.each([
    ['nothing', 204, '', {publish: []}],
    ['white space', 200, ' \n', {publish: []}],
    ['an empty object', 200, {}, {publish: []}],
    ['a reply', 200, {reply: ['Hi']}, {publish: [], reply: {details: ['Hi']}}],
    ['a reply without details', 200, {reply: null}, {publish: [], reply: {details: null}}],
    ['an error', 200, {error: [409, 'No']}, {publish: [], error: [409, 'No']}],
    ['messages', 201, {publish: [hello, {...hello, id: 'a-1'}]},
      {publish: [hello, {...hello, id: 'a-1'}]}],
    ['messages and a reply', 200, {publish: [hello], reply: 1},
      {publish: [hello], reply: {details: 1}}],
    ['a page that says no', 404, '<h1>Not Found</h1>', {publish: [], error: [404, 'Not Found']}],
    ['a status of its own', 499, '', {publish: [], error: [499, 'Refused']}],
    ['an error in its own words', 422, {error: [422, 'Too long']},
      {publish: [], error: [422, 'Too long']}],
    ['a no without an error in it', 403, {reply: 1}, {publish: [], error: [403, 'Forbidden']}],
  ])('may be %s', (_name, status, body, expected) => {
    expect(read(status, body)).toEqual(expected)
  })

  it.each([
    ['a redirect', 302, '', 'it answers 302'],
    ['a failure', 500, {reply: 1}, 'it answers 500'],
    ['no JSON', 200, 'ok', 'no JSON object'],
    ['half of it', 200, '{"reply":', 'no JSON object'],
    ['a list', 200, [], 'no JSON object'],
    ['a field that is none', 200, {replies: 1}, 'its answer has "replies": there are reply, error'],
    ['a reply and an error', 200, {reply: 1, error: [400, 'x']}, 'a reply and an error'],
    ['an error that is none', 200, {error: 'x'}, 'error is not [code'],
    ['an error with a good code', 200, {error: [200, 'x']}, 'error is not [code'],
    ['an error with half a code', 200, {error: [400.5, 'x']}, 'error is not [code'],
    ['an error without a text', 200, {error: [400, '']}, 'error is not [code'],
    ['no list of messages', 200, {publish: hello}, 'publish is no list of at most 100'],
    ['too many messages', 200, {publish: Array.from({length: 101}, () => hello)}, 'no list of at most 100'],
    ['a message that is none', 200, {publish: ['hello']}, 'is no object'],
    ['a message without a target', 200, {publish: [{action: 'a', details: 1}]}, 'a target is'],
    ['a message to nobody known', 200, {publish: [{...hello, target: {users: 1}}]}, '"users"'],
    ['a message without an action', 200, {publish: [{...hello, action: 7}]}, 'no action'],
    ['an action of the node', 200, {publish: [{...hello, action: 'Client/x'}]}, 'cannot be sent'],
    ['an id that is none', 200, {publish: [{...hello, id: 7}]}, 'is no text'],
    ['an id that is too long', 200, {publish: [{...hello, id: 'x'.repeat(65)}]}, 'Cannot send'],
    ['a message with a typo', 200, {publish: [{...hello, details_: 1}]}, '"details_"'],
    ['a message that is too large', 200,
      {publish: [{...hello, details: 'x'.repeat(2_000_000)}]}, 'bytes'],
  ])('is not %s', (_name, status, body, why) => {
    expect(() => read(status, body)).toThrow(why)
  })
})
