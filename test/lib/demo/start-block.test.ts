import {expect, test} from 'vitest'

import {isWhole} from '../../../src/lib/demo/mesh-view.js'
import type {NodeView} from '../../../src/lib/demo/mesh-view.js'
import {renderStartBlock} from '../../../src/lib/demo/start-block.js'

const plain = {
  bold: String, dim: String, cyan: String, green: String,
}

function node(name: string, change: Partial<NodeView> = {}): NodeView {
  return {
    name, id: `n-${name}`, clientUrl: `ws://127.0.0.1:4000${name}/WebSockets`, pid: 100 + Number(name),
    role: 'follower', master: 'n-1', term: 1, clients: 0, view: ['n-1', 'n-2'], ...change,
  }
}

const view = {master: 'n-1', term: 1, nodes: [node('1', {role: 'master'}), node('2')]}
const block = {
  pageUrl: 'http://127.0.0.1:8888', pool: 'sqlite:/p', actions: 'demo.mjs', view,
  commands: [{command: 'wsmesh tail', why: 'watch'}, {command: 'wsmesh pool list', why: 'who'}],
}

test('one readable block', () => {
  expect(renderStartBlock(block, plain)).toMatchInlineSnapshot(`
    "✓ The demo is running: 2 nodes, one mesh.

      Page     http://127.0.0.1:8888
      Pool     sqlite:/p
      Actions  demo.mjs

      ★ node 1  n-1  master    pid 101  ws://127.0.0.1:40001/WebSockets
        node 2  n-2  follower  pid 102  ws://127.0.0.1:40002/WebSockets

    Try next, in another terminal:

      wsmesh tail       # watch
      wsmesh pool list  # who

    Ctrl-C ends the demo and all its nodes."
  `)
})

test('names the master when it is no node of the demo', () => {
  const followers = {...view, master: 'n-9', nodes: [node('1'), node('2')]}
  const text = renderStartBlock({...block, view: followers}, plain)
  expect(text).toContain('the master is n-9.')
  expect(text).not.toContain('★')
})

test('without a page, and with commands too long for one line', () => {
  const command = `wsmesh tail --data-dir /${'x'.repeat(80)}`
  const text = renderStartBlock(
    {...block, pageUrl: undefined, commands: [{command, why: 'watch'}]}, plain,
  )
  expect(text).not.toContain('Page')
  expect(text).toContain(`  # watch\n  ${command}\n`)
})

test.each([
  ['all linked, all copies', view, true],
  ['a node that does not answer', {...view, nodes: [node('1'), node('2', {role: 'down'})]}, false],
  ['one that joins', {...view, nodes: [node('1'), node('2', {role: 'joining'})]}, false],
  ['no master agreed on', {...view, master: null}, false],
  ['one that is no copy yet', {...view, nodes: [node('1', {view: ['n-1']}), node('2', {view: []})]}, false],
])('whole or not: %s', (_what, view, whole) => {
  expect(isWhole(view)).toBe(whole)
})
