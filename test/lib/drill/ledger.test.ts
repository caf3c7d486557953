import {describe, expect, test} from 'vitest'
import {Audience} from '../../../src/lib/drill/audience.js'
import {Ledger} from '../../../src/lib/drill/ledger.js'
import type {SentMessage} from '../../../src/lib/drill/sent-message.js'
import type {PublishResult} from '../../../src/lib/protocol/operator-frame.js'
import {nodeId} from '../../../src/lib/util/brand.js'

/** One node, two users with two tabs each. */
const audience = new Audience(1)
const TABS = audience.tabs.map(({index}) => index)

function newLedger(): Ledger {
  const ledger = new Ledger(audience, () => 0)
  for (const tab of TABS) ledger.attached(tab, 'e.1.0', false)
  return ledger
}

function receipt(position: string, connections: number): PublishResult {
  return {id: 'n-1-1', position, connections, nodes: 1, byNode: [], missing: []}
}

/** Sends, and delivers to all whom it is for. */
function sendAndDeliver(ledger: Ledger, seq: number, publisher = 1): SentMessage {
  const message = ledger.sending(publisher)
  for (const tab of message.tabs) ledger.delivered(tab, message.n, `e.1.${seq}`)
  ledger.receipted(message, receipt(`e.1.${seq}`, message.tabs.length))
  return message
}

describe('ledger', () => {
  test('counts nothing against a mesh that does all right', () => {
    const ledger = newLedger()
    ledger.beginCalm()
    for (let seq = 1; seq <= 100; seq += 1) sendAndDeliver(ledger, seq)
    const {tally} = ledger.settle()
    expect(tally).toMatchObject({
      sent: 100, accepted: 100, receipted: 100, lost: 0, duplicated: 0, reordered: 0,
      misdelivered: 0, notRecovered: 0, wrongReceipts: 0, positionsTwice: 0,
    })
    expect(tally.delivered).toBeGreaterThan(100)
    expect(ledger.troubles).toEqual([])
  })

  test('what has a receipt and did not come is lost', () => {
    const ledger = newLedger()
    const message = ledger.sending(1)
    const [first = 0, ...others] = message.tabs
    for (const tab of others) ledger.delivered(tab, message.n, 'e.1.1')
    ledger.receipted(message, receipt('e.1.1', message.tabs.length))
    expect(ledger.due).toBe(1)
    const {tally, tabs} = ledger.settle()
    expect(tally.lost).toBe(1)
    expect(tabs[first]?.lost).toBe(1)
  })

  test('what a living node took is lost too, what died with its node is not', () => {
    const ledger = newLedger()
    const taken = ledger.sending(1)
    ledger.failed(taken, 'accepted')
    ledger.failed(ledger.sending(1), 'unanswered')
    ledger.failed(ledger.sending(1), 'refused')
    expect(ledger.settle().tally).toMatchObject({
      lost: taken.tabs.length, accepted: 1, unanswered: 1, refused: 1,
    })
  })

  test('what one got all must get, receipt or not', () => {
    const ledger = newLedger()
    const message = ledger.sending(1)
    ledger.delivered(message.tabs[0] ?? 0, message.n, 'e.1.1')
    ledger.failed(message, 'unanswered')
    expect(ledger.settle().tally.lost).toBe(message.tabs.length - 1)
  })

  test('doubled, misdelivered, and out of order', () => {
    const ledger = newLedger()
    const message = sendAndDeliver(ledger, 5)
    const [tab = 0] = message.tabs
    ledger.delivered(tab, message.n, 'e.1.5')
    ledger.delivered(tab, 999, 'e.1.6')
    const stranger = TABS.find((other) => !message.tabs.includes(other)) ?? 0
    ledger.delivered(stranger, message.n, 'e.1.5')
    sendAndDeliver(ledger, 3, 2)
    sendAndDeliver(ledger, 4, 2)
    sendAndDeliver(ledger, 2, 2)
    const {tally} = ledger.settle()
    expect(tally).toMatchObject({duplicated: 1, misdelivered: 2})
    expect(tally.reordered).toBeGreaterThan(0)
    expect(ledger.troubles.length).toBeGreaterThan(3)
  })

  test('messages of one publisher keep their order, whatever their positions say', () => {
    const ledger = newLedger()
    const sent = Array.from({length: 60}, () => ledger.sending(1))
    const [tab = 0] = sent[0]?.tabs ?? []
    const [early, late] = sent.filter(({tabs}) => tabs.includes(tab))
    ledger.delivered(tab, late?.n ?? 0, 'e.1.1')
    ledger.delivered(tab, early?.n ?? 0, 'e.1.2')
    expect(ledger.settle().tally.reordered).toBe(1)
  })

  test('two messages at one position, one message at two', () => {
    const ledger = newLedger()
    sendAndDeliver(ledger, 1)
    const other = ledger.sending(1)
    ledger.receipted(other, receipt('e.1.1', 1))
    const third = ledger.sending(1)
    ledger.receipted(third, receipt('e.1.7', 1))
    ledger.delivered(third.tabs[0] ?? 0, third.n, 'e.1.8')
    expect(ledger.settle().tally.positionsTwice).toBe(2)
  })

  test('a hole that the connection was told of is not recovered, beyond it is lost', () => {
    const ledger = newLedger()
    const missed = ledger.sending(1)
    ledger.receipted(missed, receipt('e.1.1', 2))
    for (const tab of TABS) ledger.attached(tab, 'e.1.1', false)
    const lost = ledger.sending(1)
    ledger.receipted(lost, receipt('e.1.2', 2))
    expect(ledger.settle().tally).toMatchObject({
      notRecovered: missed.tabs.length, lost: lost.tabs.length, reconnects: TABS.length,
    })
  })

  test('who is told that he recovered must have got it', () => {
    const ledger = newLedger()
    const missed = ledger.sending(1)
    ledger.receipted(missed, receipt('e.1.1', 2))
    for (const tab of TABS) ledger.attached(tab, 'e.1.1', true)
    expect(ledger.settle().tally).toMatchObject({notRecovered: 0, lost: missed.tabs.length})
  })

  test('a hole into another epoch', () => {
    const ledger = newLedger()
    const old = ledger.sending(1)
    ledger.receipted(old, receipt('e.1.1', 2))
    const fresh = ledger.sending(1)
    ledger.receipted(fresh, receipt('f.1.1', 2))
    for (const tab of TABS) ledger.attached(tab, 'f.1.1', false)
    const after = ledger.sending(1)
    for (const tab of after.tabs) ledger.delivered(tab, after.n, 'f.1.2')
    ledger.receipted(after, receipt('f.1.2', 2))
    expect(ledger.settle().tally).toMatchObject({
      notRecovered: old.tabs.length + fresh.tabs.length, lost: 0, reordered: 0,
    })
  })

  test('receipts are held to the truth in a calm, and only there', () => {
    const ledger = newLedger()
    const before = ledger.sending(1)
    ledger.beginCalm()
    ledger.receipted(before, receipt('e.1.1', 99))
    const within = ledger.sending(1)
    ledger.receipted(within, receipt('e.1.2', 99))
    const missing = ledger.sending(1)
    const {length} = missing.tabs
    ledger.receipted(missing, {...receipt('e.1.3', length), missing: [nodeId('n-2')]})
    const across = ledger.sending(1)
    ledger.endCalm()
    ledger.receipted(across, receipt('e.1.4', 99))
    expect(ledger.settle().tally.wrongReceipts).toBe(2)
  })

  test('a round begins with empty books', () => {
    const ledger = newLedger()
    ledger.failed(ledger.sending(1), 'accepted')
    expect(ledger.settle().tally.lost).toBeGreaterThan(0)
    sendAndDeliver(ledger, 9)
    expect(ledger.settle().tally).toMatchObject({sent: 1, lost: 0})
  })
})
