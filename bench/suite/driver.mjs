/** The driver of the bench as an object: driver.c says what each command means. */
import {execFileSync} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {start} from './processes.mjs'

const hex = (text) => (text ? Buffer.from(text).toString('hex') : '-')

/** Compiles one of the C programs of this folder into `folder`; undefined without a compiler. */
export function compile(name, folder) {
  const program = join(folder, name)
  try {
    execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, `${name}.c`)])
    return program
  } catch {
    return undefined
  }
}

/** `command` on processor `core`, where taskset can do that. */
export function pinned(core, command) {
  try {
    execFileSync('taskset', ['-c', String(core), 'true'])
    return ['taskset', '-c', String(core), ...command]
  } catch {
    return command
  }
}

export class Driver {
  #child
  #lines

  constructor(command) {
    this.#child = start(command[0], command.slice(1), {stdio: ['pipe', 'pipe', 'inherit']})
    this.#lines = createInterface({input: this.#child.stdout})[Symbol.asyncIterator]()
  }

  async #ask(...words) {
    this.#child.stdin.write(`${words.join(' ')}\n`)
    const {value, done} = await this.#lines.next()
    if (done) throw new Error(`the driver ended: ${words[0]}`)
    return JSON.parse(value)
  }

  /** Processes whose CPU time is the server's. */
  watch(pids) {
    return this.#ask('pids', ...pids)
  }

  /**
   * `count` connections to one port of a server, at most `perSecond`, each until it is let in.
   * Gives the CPU time of the servers meanwhile.
   */
  async open(door, count, perSecond = 1500) {
    const {port, path = '/', protocol, first, firstFile, ready, opcode = 1, auto} = door
    if (auto) await this.#ask('auto', hex(auto[0]), hex(auto[1]))
    const answer = await this.#ask('open', port, hex(path), hex(protocol),
      firstFile ? `@${firstFile}` : hex(first), hex(ready), count, perSecond, opcode)
    if (answer.opened !== count) {
      throw new Error(`${answer.opened} of ${count} connections: ${JSON.stringify(answer)}`)
    }
    return answer
  }

  /** Messages of `bytes` that connection number `from` publishes and `expected` connections get. */
  stream(id, {from, prefix, suffix, opcode = 1, expected, bytes}) {
    return this.#ask('stream', id, from, hex(prefix), hex(suffix), opcode, expected, bytes)
  }

  /** `loads`: {id: 'w16'} is 16 messages in flight, {id: 'r50'} 50 a second. */
  run(seconds, warmSeconds, loads) {
    return this.#ask('run', seconds, warmSeconds, ...Object.entries(loads).flat())
  }

  closeAll() {
    return this.#ask('close')
  }

  async end() {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }
}
