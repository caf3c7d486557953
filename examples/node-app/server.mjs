/** An Express application with sessions of its own; wsmesh asks it who a client is. README.md runs it. */
import {createHmac, randomUUID, timingSafeEqual} from 'node:crypto'
import express from 'express'
import {createPublisher} from 'wsmesh/publisher'

const {PORT = '3000', WSMESH_API = 'http://127.0.0.1:8080', WSMESH_KEY, WSMESH_WEBHOOK_KEY} = process.env
if (!WSMESH_WEBHOOK_KEY) throw new Error('WSMESH_WEBHOOK_KEY is empty: anybody could sign with that')
const mesh = createPublisher(WSMESH_API.split(' '), {key: WSMESH_KEY})
const sessions = new Map() // A real application keeps them in its database.
const sessionOf = ({headers: {cookie = ''}}) => /(?:^|; )sid=([^;]+)/.exec(cookie)?.[1]
const app = express()

app.post('/login', express.urlencoded(), ({body: {user}}, response) => {
  const sid = randomUUID()
  sessions.set(sid, String(user))
  response.cookie('sid', sid, {httpOnly: true, sameSite: 'lax'}).redirect(303, '/')
})
app.post('/logout', async (request, response) => {
  const session = sessionOf(request)
  sessions.delete(session)
  await mesh.kick({session}, 'logged out') // After the session has ended, not before.
  response.redirect(303, '/')
})
app.post('/pay', async (request, response) => {
  const user = sessions.get(sessionOf(request))
  if (user === undefined) return response.sendStatus(401)
  const {connections} = await mesh.send('paid', [10], {user})
  response.send(`Your ${connections} tabs know`)
})

// Only the nodes ask these two: let nobody else reach them.
app.post('/wsmesh/who', express.json(), ({body: {session}}, response) => {
  const user = sessions.get(session)
  if (user === undefined) response.sendStatus(403)
  else response.json({user, session, session_expire: Math.floor(Date.now() / 1000) + 3600})
})
app.post('/wsmesh/webhook', express.raw({type: '*/*'}), ({headers, body}, response) => {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const key = Buffer.from(WSMESH_WEBHOOK_KEY.replace('whsec_', ''), 'base64')
  const right = createHmac('sha256', key).update(signed).digest('base64')
  const given = String(headers['webhook-signature']).split(' ').map((each) => each.replace('v1,', ''))
  const isSame = (each) => each.length === right.length && timingSafeEqual(Buffer.from(each), Buffer.from(right))
  const isNow = Math.abs(Date.now() / 1000 - headers['webhook-timestamp']) < 300
  if (!isNow || !given.some(isSame)) return response.sendStatus(401)
  const {user, details: [text], message: id} = JSON.parse(body)
  const said = {action: 'chat/said', details: [user, String(text)], target: {registered: true}, id}
  response.json({reply: [], publish: [said]})
})

app.use(express.static(new URL('page', import.meta.url).pathname))
app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error // Express 5 calls this as well when the port is taken.
  console.log(`http://localhost:${PORT}/`)
})
