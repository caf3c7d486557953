/**
 * This process's own inspector: no flag, no port. `Runtime.enable` is never sent, since from then
 * on V8 keeps alive what is logged to the console.
 */
import {Session} from 'node:inspector'
import {isRecord} from '../protocol/json-text.js'

const DOOR = Symbol.for('wsmesh.probe')
const GROUP = 'wsmesh-probe'

export class HeapSession {
  readonly #session = new Session()
  #pauseMs = 0

  /** Throws where Node was built without an inspector. */
  constructor() {
    this.#session.connect()
  }

  /** The longest time for which the event loop stood still for one call. */
  get pauseMs(): number {
    return this.#pauseMs
  }

  /** A task of its own, unlike all else: it has ended when this resolves. */
  async collectGarbage(): Promise<void> {
    const startMs = performance.now()
    await new Promise<void>((resolve, reject) => {
      this.#session.post('HeapProfiler.collectGarbage', (error) => {
        if (error) reject(new Error(`HeapProfiler.collectGarbage: ${error.message}`))
        else resolve()
      })
    })
    this.#paused(startMs)
  }

  /** Hands all live objects that have Object.prototype among their prototypes to `use`. */
  withLiveObjects<T>(use: (all: readonly object[]) => T): T {
    return this.#timed(() => {
      try {
        const {result} = this.#post('Runtime.evaluate', {
          expression: 'Object.prototype', objectGroup: GROUP,
        })
        const {objects} = this.#post('Runtime.queryObjects', {
          prototypeObjectId: objectIdOf(result), objectGroup: GROUP,
        })
        return this.#received(objectIdOf(objects), use)
      } finally {
        this.#post('Runtime.releaseObjectGroup', {objectGroup: GROUP})
      }
    })
  }

  /** The numbers by which a snapshot taken from now on knows these objects. */
  snapshotIdsOf(objects: readonly object[]): number[] {
    const door: Door = globalThis
    door[DOOR] = objects
    try {
      return objects.map((_, index) => {
        const expression = `globalThis[Symbol.for('wsmesh.probe')][${index}]`
        const {result} = this.#post('Runtime.evaluate', {expression, objectGroup: GROUP})
        const found = this.#post('HeapProfiler.getHeapObjectId', {objectId: objectIdOf(result)})
        return Number(found['heapSnapshotObjectId'])
      })
    } finally {
      delete door[DOOR]
      this.#post('Runtime.releaseObjectGroup', {objectGroup: GROUP})
    }
  }

  /** Writes a snapshot piece by piece; the event loop stands still until it is done. */
  takeSnapshot(write: (chunk: string) => void): void {
    const onChunk = ({params}: {params: {chunk: string}}): void => write(params.chunk)
    this.#timed(() => {
      this.#session.on('HeapProfiler.addHeapSnapshotChunk', onChunk)
      try {
        this.#post('HeapProfiler.takeHeapSnapshot', {reportProgress: false})
      } finally {
        this.#session.off('HeapProfiler.addHeapSnapshotChunk', onChunk)
      }
    })
  }

  close(): void {
    this.#session.disconnect()
  }

  #received<T>(objectId: string, use: (all: readonly object[]) => T): T {
    const door: Door = globalThis
    const answers: T[] = []
    const failures: unknown[] = []
    door[DOOR] = (all: readonly object[]): void => {
      try {
        answers.push(use(all))
      } catch (error) {
        failures.push(error)
      }
    }
    try {
      const functionDeclaration = `function () { globalThis[Symbol.for('wsmesh.probe')](this) }`
      this.#post('Runtime.callFunctionOn', {
        objectId, functionDeclaration, silent: true, objectGroup: GROUP,
      })
    } finally {
      delete door[DOOR]
    }
    const [failure] = failures
    if (failure !== undefined) throw failure
    for (const answer of answers) return answer
    throw new Error('The heap could not be read')
  }

  #timed<T>(work: () => T): T {
    const startMs = performance.now()
    try {
      return work()
    } finally {
      this.#paused(startMs)
    }
  }

  #paused(startMs: number): void {
    this.#pauseMs = Math.max(this.#pauseMs, performance.now() - startMs)
  }

  /** In the own process an answer comes before `post` returns. */
  #post(method: string, params: object = {}): Readonly<Record<string, unknown>> {
    const answers: {readonly error: Error | null | undefined; readonly result: unknown}[] = []
    this.#session.post(method, params, (error: Error | null, result: unknown) => {
      answers.push({error, result})
    })
    const [answer] = answers
    if (answer === undefined) throw new Error(`No answer to ${method}`)
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
    return isRecord(answer.result) ? answer.result : {}
  }
}

/** Where a script of the inspector's meets this module. */
type Door = typeof globalThis & {[DOOR]?: unknown}

function objectIdOf(remote: unknown): string {
  const objectId = isRecord(remote) ? remote['objectId'] : undefined
  if (typeof objectId !== 'string') throw new Error('The inspector gave no object')
  return objectId
}
