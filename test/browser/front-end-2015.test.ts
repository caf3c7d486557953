/**
 * Front ends of 2015 in a real browser, with nothing but a proxy between them and `wsmesh serve`:
 * sessions in the tables of the original's database, as docs/AUTH.md says to read them.
 */
import type {BrowserContext, Page} from 'playwright-core'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'
import {startChromium} from '../helpers/chromium.js'
import {eventually} from '../helpers/eventually.js'
import {openFrontDoor, type FrontDoor} from '../helpers/front-door.js'
import {mariadbUrl, startMariadb, type Mariadb} from '../helpers/mariadb.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

/** A pause of these scripts doubles: a second that is missed costs two more. */
const BACK = {timeoutMs: 20_000}

const ERAS = ['article', 'cookie'] as const

/** The page of an era; `seen` has all that its script was told, `sockets` all that it opened. */
function pageOf(era: (typeof ERAS)[number]): string {
  return `<!doctype html><title>2015</title>
    <script>
      const sockets = []
      window.WebSocket = class extends WebSocket {
        constructor(url) {
          super(url)
          sockets.push(this)
        }
      }
    </script>
    <script src="/front-end-2015/${era}.js"></script>
    <script src="/front-end-2015/web-sockets.js"></script>
    <script>
      const seen = []
      for (const action of ['Client/authentication', 'hello', 'early', 'note', 'Server/close']) {
        cs.WebSockets.on(action,
          (...details) => seen.push([action, ...details]),
          (...details) => seen.push([action + ':error', ...details]))
      }
    </script>`
}

/** A page of either era that has no library; its script may read the cookie only in the first. */
const PLAIN_PAGE = `<!doctype html><title>Plain</title>
  <script>window.session = (/cs_session=(\\w+)/.exec(document.cookie) || [])[1]</script>
  <script src="/front-end-2015/plain.js"></script>`

/** What the scripts add to a page. */
interface World {
  readonly say: (action: string, details?: unknown) => void
  readonly closes: number[]
  readonly cs: {readonly WebSockets: {send(action: string, details?: unknown): void}}
  readonly seen: unknown[][]
  readonly sockets: WebSocket[]
}
declare const cs: World['cs']
declare const seen: World['seen']
declare const sockets: World['sockets']
declare const say: World['say']
declare const closes: World['closes']

/** What the tests have opened; the last ends first. */
const opened: AsyncDisposable[] = []
let context: BrowserContext
let db: Mariadb
let door: FrontDoor
let mesh: ServeMesh
let complaints: string[] = []
let lastSession = 0

beforeAll(async () => {
  db = use(await startMariadb())
  await db.exec(`CREATE TABLE mesh.cs_sessions (id VARCHAR(32) PRIMARY KEY, user INT NOT NULL,
    created BIGINT NOT NULL, expire BIGINT NOT NULL, user_agent VARCHAR(255) NOT NULL,
    remote_addr VARCHAR(32) NOT NULL, ip VARCHAR(32) NOT NULL, data MEDIUMTEXT NOT NULL)`)
  await db.exec('CREATE TABLE mesh.cs_users_groups (id INT NOT NULL, `group` INT NOT NULL)')
  await db.exec('INSERT INTO mesh.cs_users_groups VALUES (42, 2), (42, 3), (7, 2)')
  door = use(await openFrontDoor({
    '/article': pageOf('article'),
    '/cookie': pageOf('cookie'),
    '/plain-article': PLAIN_PAGE,
    '/plain-cookie': PLAIN_PAGE,
  }))
  mesh = use(await ServeMesh.open())
  context = use(await startChromium()).context
})

function use<T extends AsyncDisposable>(each: T): T {
  opened.push(each)
  return each
}

afterAll(async () => {
  for (const each of opened.toReversed()) await each[Symbol.asyncDispose]()
})

// Two nodes, also after one was killed.
beforeEach(startNodes)

afterEach(async () => {
  for (const page of context.pages().slice(1)) await page.close()
  await context.clearCookies()
  door.open()
  expect(complaints).toEqual([])
  complaints = []
})

/** As docs/AUTH.md starts them, both eras at once. */
async function startNodes(): Promise<void> {
  while (mesh.nodes.length < 2) {
    await mesh.start(
      '--auth-sql', '@examples/front-end-2015/sessions.sql', '--auth-sql-url', mariadbUrl(db),
      '--guests', 'allow', '--session-cookie', 'cs_session', '--origin', door.url,
      '--actions', 'examples/actions/hello.mjs',
    )
  }
  pass(...mesh.nodes)
}

/** The next connection goes to the first of these that takes it. */
function pass(...nodes: readonly ServeProcess[]): void {
  door.upstreams = nodes.map(({ready}) => Number(new URL(ready.clientUrl).port))
}

function newSession(): string {
  lastSession += 1
  return lastSession.toString(16).padStart(32, 'a')
}

/** As the application logs in: the browser's name is part of a session. */
async function logIn(user: number, session = newSession(), browser?: string): Promise<string> {
  const [page] = context.pages()
  const userAgent = browser ?? String(await page?.evaluate('navigator.userAgent'))
  await db.exec(`INSERT INTO mesh.cs_sessions VALUES ('${session}', ${user}, 0,
    UNIX_TIMESTAMP() + 3600, '${userAgent}', '', '', '')`)
  return session
}

async function openPage(era: string, session: string): Promise<Page> {
  const httpOnly = era.endsWith('cookie')
  await context.addCookies([{name: 'cs_session', value: session, url: door.url, httpOnly}])
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`${door.url}/${era}`)
  return page
}

/** Waits until the page's script was told so many things of this name; what it was told. */
async function told(page: Page, action: string, count = 1): Promise<unknown[][]> {
  return eventually(async () => {
    const all = await page.evaluate(() => seen)
    const these = all.filter(([name]) => name === action)
    return these.length >= count && these
  }, {...BACK, what: `${count} × ${action} in ${page.url()}`})
}

/** Of all nodes: actions that nobody handles, and those whose name nothing can have. */
async function counted(): Promise<number[]> {
  const all = await Promise.all(mesh.nodes.map((node) => node.stats()))
  return ['actionsUnknown', 'actionsIgnored'].map((name) =>
    all.reduce((sum, {counters}) => sum + (counters[name] ?? 0), 0),
  )
}

function send(page: Page, action: string, details?: unknown): Promise<void> {
  return page.evaluate(([name, given]) => {
    cs.WebSockets.send(String(name), given)
  }, [action, details])
}

describe.each(ERAS)('a front end of the %s era', {timeout: 60_000}, (era) => {
  it('authenticates, says hello, and hears that nothing was said', async () => {
    const page = await openPage(era, await logIn(42))
    expect(await told(page, 'Client/authentication')).toEqual([['Client/authentication', 'ok']])
    await send(page, 'hello', 'Hello, world!')
    expect(await told(page, 'hello')).toEqual([['hello', 'Hello, world!']])
    await send(page, 'hello')
    const error = ['hello:error', 400, 'No hello message:(']
    expect(await told(page, 'hello:error')).toEqual([error])
  })

  it('hears what is published, in every tab, on every node, as one of its groups', async () => {
    const session = await logIn(42)
    const tabs: Page[] = []
    for (const node of mesh.nodes) {
      pass(node)
      tabs.push(await openPage(era, session))
      await told(tabs.at(-1)!, 'Client/authentication')
    }
    pass(...mesh.nodes)
    const messages = [
      {action: 'note', details: 'Hi', user: 42},
      {action: 'note', details: ['a', 2, {b: 3}], group: 3},
      {action: 'note', everyone: true},
    ]
    const lines = messages.map((message) => JSON.stringify(message)).join('\n')
    expect((await mesh.stdin(lines, 'send', '--stdin')).exit).toBe(0)
    for (const tab of tabs) {
      const notes = [['note', 'Hi'], ['note', 'a', 2, {b: 3}], ['note']]
      expect(await told(tab, 'note', 3)).toEqual(notes)
    }
  })

  it('comes back after kill -9 of its node, as if nothing had been', async () => {
    const [first, second] = mesh.nodes
    if (first === undefined || second === undefined) throw new Error('Two nodes were started')
    pass(first, second)
    const page = await openPage(era, await logIn(42))
    await told(page, 'Client/authentication')
    await mesh.kill(first)
    await told(page, 'Client/authentication', 2)
    await send(page, 'hello', 'again')
    expect(await told(page, 'hello')).toEqual([['hello', 'again']])
  })

  it('is not closed for what it kept while it was away, which no handler hears', async () => {
    const page = await openPage(era, await logIn(42))
    await told(page, 'Client/authentication')
    const before = await counted()
    door.shut()
    await eventually(() => page.evaluate((long) => {
      // While it connects it would throw.
      if (sockets.at(-1)?.readyState !== WebSocket.CLOSED) return false
      cs.WebSockets.send('early', {a: long})
      cs.WebSockets.send('hello', 'kept')
      return true
    }, 'x:y'.repeat(500)), BACK)
    door.open()
    await told(page, 'Client/authentication', 2)
    await send(page, 'hello', 'now')
    expect(await told(page, 'hello')).toEqual([['hello', 'now']])
    expect(await page.evaluate(() => seen.length)).toBe(3)
    const after = await counted()
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1])
  })

  it('is told no, comes back, and is let in once it has a session', async () => {
    const session = newSession()
    const page = await openPage(era, session)
    const refused = await told(page, 'Client/authentication:error', 2)
    expect(refused[0]).toEqual(['Client/authentication:error', 403, '403 Forbidden'])
    await logIn(42, session)
    expect(await told(page, 'Client/authentication')).toEqual([['Client/authentication', 'ok']])
  })

  it('is refused with the session of another browser', async () => {
    const page = await openPage(era, await logIn(42, newSession(), 'Opera/9.80'))
    const [refused] = await told(page, 'Client/authentication:error')
    expect(refused).toEqual(['Client/authentication:error', 403, '403 Forbidden'])
  })

  it('as a guest gets what is for everyone', async () => {
    const page = await openPage(era, await logIn(1))
    await told(page, 'Client/authentication')
    const lines = ['{"action":"note","details":"users","registered":true}',
      '{"action":"note","details":"all","everyone":true}']
    await mesh.stdin(lines.join('\n'), 'send', '--stdin')
    expect(await told(page, 'note')).toEqual([['note', 'all']])
  })

  it('stays away after a log-out that kicks', async () => {
    const session = await logIn(42)
    const page = await openPage(era, session)
    await told(page, 'Client/authentication')
    await context.clearCookies()
    const other = await openPage(era, await logIn(7))
    await told(other, 'Client/authentication')
    expect((await mesh.run('kick', '--session', session)).exit).toBe(0)
    await told(page, 'Server/close')
    const asked = door.asked(session)
    // As long as another one, which is only cut off, takes to come back twice.
    for (const times of [2, 3]) {
      door.shut()
      door.open()
      await told(other, 'Client/authentication', times)
    }
    expect(door.asked(session)).toBe(asked)
  })
})

it('a front end that leaves out a part of its proof is told so, and stays connected', async () => {
  const session = await logIn(42)
  const page = await openPage('article', session)
  await told(page, 'Client/authentication')
  await send(page, 'Client/authentication', {session})
  const error = ['Client/authentication:error', 400, '400 Bad Request']
  expect(await told(page, 'Client/authentication:error')).toEqual([error])
  await send(page, 'hello', 'Still here')
  expect(await told(page, 'hello')).toEqual([['hello', 'Still here']])
})

describe.each(['plain-article', 'plain-cookie'])('a page without a library, %s', (era) => {
  it('talks before it is let in, in any details, and comes back each second', async () => {
    const [first, second] = mesh.nodes
    if (first === undefined || second === undefined) throw new Error('Two nodes were started')
    pass(first, second)
    const page = await openPage(era, await logIn(42))
    await told(page, 'Client/authentication', 2)
    const given = [{a: [1]}, ['x', 'y'], [''], '', null, 7, 'Привіт']
    await page.evaluate((all) => {
      for (const details of all) say('hello', details)
      say('some/action', false)
    }, given)
    await told(page, 'some/action:error')
    expect(await told(page, 'hello', 5)).toEqual([
      ['hello', 'number 1'], ['hello', {a: [1]}], ['hello', ['x', 'y']], ['hello', 7],
      ['hello', 'Привіт'],
    ])
    const empty = ['hello:error', [400, 'No hello message:(']]
    expect(await told(page, 'hello:error')).toEqual([empty, empty, empty])
    await mesh.kill(first)
    await told(page, 'Client/authentication', 4)
    const hellos = await told(page, 'hello', 6)
    expect(hellos.at(-1)).toEqual(['hello', 'number 2'])
    expect(await page.evaluate(() => closes)).toEqual([1006])
  }, 60_000)
})

it('a page without a library is told no at each try, and closed with 1000', async () => {
  const page = await openPage('plain-cookie', newSession())
  const refused = await told(page, 'Client/authentication:error', 2)
  expect(refused[0]).toEqual(['Client/authentication:error', [403, '403 Forbidden']])
  expect(new Set(await page.evaluate(() => closes))).toEqual(new Set([1000]))
  expect(await page.evaluate(() => seen.length)).toBe(2)
}, 60_000)
