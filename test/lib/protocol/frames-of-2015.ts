/**
 * What the original module and its front ends said, frame by frame, as it was seen on a running one
 * or read in its source. `source`: section of the notes on the origin; [ran]: it was seen there.
 */

const SESSION = '0123456789abcdef0123456789abcdef'
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64)'

/** The first message of each era. */
export const ARTICLE_PROOF =
  `["Client/authentication",{"session":"${SESSION}","user_agent":"${BROWSER}","language":"English"}]`
export const COOKIE_PROOF = '["Client/authentication",null]'

interface FromClient {
  readonly source: string
  readonly what: string
  readonly frame: string
  readonly action: string
  /** As handlers get them. */
  readonly details: readonly unknown[]
}

export const FROM_CLIENT: readonly FromClient[] = [
  {
    source: '1.2', what: 'a call with a text', frame: '["hello","Hello, world!"]',
    action: 'hello', details: ['Hello, world!'],
  },
  {
    source: '1.2', what: 'a call without details: undefined is null', frame: '["hello",null]',
    action: 'hello', details: [],
  },
  {
    source: '1.2', what: 'a list is the arguments', frame: '["hello",["Hi",{"to":7}]]',
    action: 'hello', details: ['Hi', {to: 7}],
  },
  {
    source: '1.2', what: 'an object is one', frame: '["cart/add",{"id":7,"count":2}]',
    action: 'cart/add', details: [{id: 7, count: 2}],
  },
  {source: '1.2', what: 'a number', frame: '["seen",42]', action: 'seen', details: [42]},
  {source: '1.2', what: 'zero', frame: '["seen",0]', action: 'seen', details: [0]},
  {source: '1.2', what: 'false', frame: '["typing",false]', action: 'typing', details: [false]},
  {source: '1.2', what: 'an empty list', frame: '["hello",[]]', action: 'hello', details: []},
  {source: '1.2', what: 'an empty object', frame: '["hello",{}]', action: 'hello', details: [{}]},
  {
    source: '1.2', what: 'send_to and target of a client are ignored',
    frame: '["hello","Hi",1,false]', action: 'hello', details: ['Hi'],
  },
  {
    source: '3 [ran]', what: 'what was queued while it was away is encoded twice',
    frame: String.raw`["[\"early\",\"q\"]",null]`, action: '["early","q"]', details: [],
  },
  {
    source: '1.3 [ran]', what: 'slashes may be escaped', frame: String.raw`["some\/action",null]`,
    action: 'some/action', details: [],
  },
  {
    source: '1.2', what: 'authentication, article era', frame: ARTICLE_PROOF,
    action: 'Client/authentication',
    details: [{session: SESSION, user_agent: BROWSER, language: 'English'}],
  },
  {
    source: '1.2', what: 'authentication, cookie era', frame: COOKIE_PROOF,
    action: 'Client/authentication', details: [],
  },
]

interface Refused {
  readonly source: string
  readonly what: string
  readonly frame: string
  readonly reason: string
}

/** The original closed for these without a word. */
export const REFUSED_FRAMES: readonly Refused[] = [
  {source: '1.2', what: 'nothing', frame: '', reason: 'not JSON'},
  {source: '1.2', what: 'no JSON', frame: '["hello",', reason: 'not JSON'},
  {source: '0 [ran]', what: 'an object', frame: '{"action":"hello","details":[]}', reason: 'array'},
  {source: '1.2', what: 'a text', frame: '"Server/close"', reason: 'array'},
  {source: '1.2', what: 'a number', frame: '42', reason: 'array'},
  {source: '1.2', what: 'null', frame: 'null', reason: 'array'},
  {source: '1.2', what: 'an empty array', frame: '[]', reason: 'no text'},
  {source: '1.2', what: 'one element', frame: '["hello"]', reason: 'without details'},
  {source: '1.2', what: 'a number as the action', frame: '[7,null]', reason: 'no text'},
  {source: '1.2', what: 'null as the action', frame: '[null,"x"]', reason: 'no text'},
  {source: '1.2', what: 'an array in an array', frame: '[["hello","Hi"]]', reason: 'no text'},
]

interface FromServer {
  readonly source: string
  readonly what: string
  readonly frame: string
  readonly action: string
  /** As published. */
  readonly details: unknown
}

export const FROM_SERVER: readonly FromServer[] = [
  {
    source: '1.2 [ran]', what: 'authenticated, with escaped slashes',
    frame: String.raw`["Client\/authentication","ok"]`,
    action: 'Client/authentication', details: 'ok',
  },
  {
    source: '1.1', what: 'authenticated, July and later', frame: '["Client/authentication","ok"]',
    action: 'Client/authentication', details: 'ok',
  },
  {
    source: '1.2 [ran]', what: 'a proof with something missing',
    frame: String.raw`["Client\/authentication:error",[400,"400 Bad Request"]]`,
    action: 'Client/authentication:error', details: [400, '400 Bad Request'],
  },
  {
    source: '1.2 [ran]', what: 'a session that nobody has',
    frame: String.raw`["Client\/authentication:error",[403,"403 Forbidden"]]`,
    action: 'Client/authentication:error', details: [403, '403 Forbidden'],
  },
  {
    source: '1.3 [ran]', what: "the article's error",
    frame: '["hello:error",[400,"No hello message:("]]',
    action: 'hello:error', details: [400, 'No hello message:('],
  },
  {
    source: '0 (b)', what: 'a scalar is not wrapped', frame: '["hello","Hello, world!"]',
    action: 'hello', details: 'Hello, world!',
  },
  {
    source: '1.3', what: 'letters of the world as they are', frame: '["hello","Привіт 😀"]',
    action: 'hello', details: 'Привіт 😀',
  },
  {source: '1.3', what: 'null', frame: '["hello",null]', action: 'hello', details: null},
  {source: '1.3', what: 'a list', frame: '["hello",[1,[2]]]', action: 'hello', details: [1, [2]]},
  {source: '1.3', what: 'an empty list', frame: '["hello",[]]', action: 'hello', details: []},
  {source: '1.3', what: 'false', frame: '["hello",false]', action: 'hello', details: false},
  {source: '1.3', what: 'zero', frame: '["hello",0]', action: 'hello', details: 0},
  {source: '1.3', what: 'an empty text', frame: '["hello",""]', action: 'hello', details: ''},
  {
    source: '1.3', what: 'an object', frame: '["cart",{"id":7}]',
    action: 'cart', details: {id: 7},
  },
  {
    source: '1.3', what: 'do not come back', frame: '["Server/close",null]',
    action: 'Server/close', details: null,
  },
]

interface Proof {
  readonly source: string
  readonly what: string
  readonly frame: string
  /** As it is checked; undefined: answered with 400, and the connection stays open. */
  readonly proof: Readonly<Record<string, string>> | undefined
}

const whole = {session: SESSION, user_agent: BROWSER, language: 'English'}

function proofFrame(details: unknown): string {
  return JSON.stringify(['Client/authentication', details])
}

export const PROOFS: readonly Proof[] = [
  {
    source: '1.2 [ran]', what: 'session, user_agent and language', frame: ARTICLE_PROOF,
    proof: {session: SESSION, userAgent: BROWSER, language: 'English'},
  },
  {source: '1.2', what: 'null: the cookie is the proof', frame: COOKIE_PROOF, proof: {}},
  {
    source: '1.2 [ran]', what: 'without the session', frame: proofFrame({...whole, session: null}),
    proof: undefined,
  },
  {
    source: '1.2 [ran]', what: 'without the browser',
    frame: proofFrame({session: SESSION, language: 'English'}), proof: undefined,
  },
  {
    source: '1.2 [ran]', what: 'without the language',
    frame: proofFrame({session: SESSION, user_agent: BROWSER}), proof: undefined,
  },
  {source: '1.2 [ran]', what: 'an empty object', frame: proofFrame({}), proof: undefined},
  {source: '1.2', what: 'a text', frame: proofFrame(SESSION), proof: undefined},
  {
    source: '1.2', what: 'a number as the session', frame: proofFrame({...whole, session: 7}),
    proof: undefined,
  },
  {
    source: '1.2', what: 'an empty session is nobody’s, and is not missing',
    frame: proofFrame({...whole, session: ''}), proof: {userAgent: BROWSER, language: 'English'},
  },
  {
    source: '1.2 [ran]', what: 'an empty user_agent', frame: proofFrame({...whole, user_agent: ''}),
    proof: {session: SESSION, language: 'English'},
  },
  {
    source: 'newer than 2015', what: 'a token', frame: proofFrame({token: 't', language: 'English'}),
    proof: {token: 't', language: 'English'},
  },
]
