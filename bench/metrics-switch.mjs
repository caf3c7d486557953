/**
 * Preloaded into the node of metrics-cost.mjs: what measures is switched off, on, and on with
 * /metrics asked for, a second each, and the CPU of each second is told for each message.
 */
import {get} from 'node:http'
import {syncBuiltinESMExports} from 'node:module'
import perf from 'node:perf_hooks'

const PERIOD_MS = 1000
const STATES = ['off', 'on', 'scraped']

let isOn = true
let messages = 0
const observers = new Set()

perf.PerformanceObserver = class extends perf.PerformanceObserver {
  observe(options) {
    if (options.entryTypes?.includes('gc')) observers.add(this)
    super.observe(options)
  }
}
syncBuiltinESMExports()

const {Meter} = await import('../dist/lib/node/metrics/meter.js')
const {Latency} = await import('../dist/lib/node/metrics/latency.js')
const meter = Object.getOwnPropertyDescriptors(Meter.prototype)
const latency = Object.getOwnPropertyDescriptors(Latency.prototype)
Meter.prototype.delivering = function (sinceMs, count) {
  messages += count
  if (isOn) meter.delivering.value.call(this, sinceMs, count)
}
Meter.prototype.flushing = function (now) {
  return isOn ? meter.flushing.value.call(this, now) : undefined
}
Latency.prototype.note = function (ms, count) {
  if (isOn) latency.note.value.call(this, ms, count)
}

function set(state) {
  const was = isOn
  isOn = state !== 'off'
  for (const observer of was === isOn ? [] : observers) {
    if (isOn) observer.observe({entryTypes: ['gc']})
    else observer.disconnect()
  }
  // By itself: what it costs to ask is in the figure, too.
  if (state === 'scraped') get(`${process.env.METRICS_OF}/metrics`, (answer) => answer.resume())
}

function cpuUs() {
  const {user, system} = process.cpuUsage()
  return user + system
}

process.once('message', (url) => {
  process.env.METRICS_OF = url
  let turn = 0
  let before = {us: cpuUs(), messages}
  set(STATES[0])
  setInterval(() => {
    const now = {us: cpuUs(), messages}
    const count = now.messages - before.messages
    const state = STATES[turn % STATES.length]
    process.send({state, us: (now.us - before.us) / count, count})
    turn += 1
    set(STATES[turn % STATES.length])
    before = {us: cpuUs(), messages}
  }, PERIOD_MS)
})
