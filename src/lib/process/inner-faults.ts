/**
 * Loaded into nodes of a drill (node --import) for faults that nobody can do to a process from
 * outside. It does nothing until it is told, over the channel to the parent.
 */
import {Worker} from 'node:worker_threads'

/** What a drill tells; the last word holds, 0 ms ends it. */
export type InnerFault =
  /** What is asked of a thread, as of that of the embedded pool, reaches it so late. */
  | {readonly fault: 'slow-threads'; readonly ms: number}
  /** The wall clock is so far off; timers and the monotonic clock stay. */
  | {readonly fault: 'shift-clock'; readonly ms: number}

const RealDate = Date
const late = {ms: 0}
const off = {ms: 0}

process.on('message', ({fault, ms}: InnerFault) => {
  if (fault === 'slow-threads') late.ms = ms
  else off.ms = ms
})
// Listening to the parent is no reason to stay alive.
process.channel?.unref()

// oxlint-disable-next-line typescript/unbound-method -- the proxy hands on whose method it is
Worker.prototype.postMessage = new Proxy(Worker.prototype.postMessage, {
  apply: (post, worker, args) => {
    if (late.ms === 0) Reflect.apply(post, worker, args)
    else setTimeout(() => Reflect.apply(post, worker, args), late.ms)
  },
})

const now = (): number => RealDate.now() + off.ms
globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name): unknown => (name === 'now' ? now : Reflect.get(target, name)),
})
