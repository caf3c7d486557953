/**
 * Followers that only follow: linked to a real master, they take what it relays and acknowledge it,
 * as cheaply as can be, a few hundred in one process. So a master can be measured that has more of
 * them than a machine has room for.
 *
 *   node bench/scale/followers.mjs DATA_DIR COUNT MASTER_ID MASTER_URL TERM
 */
import {loadSecret} from '../../dist/lib/auth/secret.js'
import {createNodeDialer} from '../../dist/lib/node/dial-node.js'
import {openPoolStore} from '../../dist/lib/pool/open-pool-store.js'
import {decodeNodeFrame, encodeNodeFrame} from '../../dist/lib/protocol/node-codec.js'
import {dial as dialWs} from '../../dist/lib/transport/ws-transport.js'

const [dataDir, countText, masterId, masterUrl, termText] = process.argv.slice(2)
const count = Number(countText)
const term = Number(termText)
const secret = await loadSecret({env: {}, dataDir})
const store = await openPoolStore({url: 'sqlite:', dataDir})

function follow(self) {
  const state = {last: 0, committed: 0}
  const dial = createNodeDialer({self, secret, timeoutMs: 20_000, dial: dialWs})
  const {signal} = new AbortController()
  return dial({id: masterId, url: masterUrl}, signal, (socket) => {
    socket.send(encodeNodeFrame({
      type: 'follow', term, chain: {epoch: '', after: {term: 0, seq: 0}, ends: []},
    }))
    return {
      onMessage: (data) => {
        const {ok, value: frame, violation} = decodeNodeFrame(data)
        if (!ok) throw new Error(violation.reason)
        if (frame.type === 'welcome') {
          state.last = frame.keep.seq
          state.committed = frame.keep.seq
        } else if (frame.type === 'relay') acknowledge(socket, state, frame)
        else if (frame.type === 'refuse') throw new Error(`refused: ${frame.reason}`)
      },
      onPong: () => {},
      onViolation: () => {},
      onClose: (code, reason) => {
        console.error(`${self} lost its master: ${code} ${reason}`)
        process.exit(1)
      },
    }
  })
}

function acknowledge(socket, state, {after, entries, commit, stable}) {
  state.last = Math.max(state.last, after.seq + entries.length)
  state.committed = Math.max(state.committed, Math.min(commit, state.last))
  const countsAfter = Math.min(stable, state.committed)
  socket.send(encodeNodeFrame({
    type: 'ack', term, held: state.last, delivered: state.committed, countsAfter,
    connections: Array.from({length: Math.min(16_384, state.committed - countsAfter)}, () => 0),
  }))
}

for (let n = 0; n < count; n += 1) {
  const id = `n-${(0xf0000000 + n).toString(16)}`
  const url = `ws://127.0.0.1:1/${n}`
  await store.join({id, url, clientUrl: '', version: '0.1.0', pid: process.pid})
  const {ok, detail} = await follow(id)
  if (!ok) throw new Error(`${id}: ${detail}`)
}
console.log(JSON.stringify({type: 'ready', count}))
process.on('SIGTERM', () => process.exit(0))
