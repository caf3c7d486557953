/** Looks at the mesh again and again: terms never fall, and how often the master changed. */
import type {DrillMesh} from './drill-mesh.js'

const LOOK_MS = 250

export class TermWatch {
  readonly #mesh: DrillMesh
  readonly #terms = new Set<string>()
  /** By node id, so that a fresh process starts anew. */
  readonly #termOf = new Map<string, {readonly epoch: string; readonly term: number}>()
  readonly falls: string[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(mesh: DrillMesh) {
    this.#mesh = mesh
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Masterships seen since the last call, but for the first. */
  takeChanges(): number {
    const changes = Math.max(0, this.#terms.size - 1)
    this.#terms.clear()
    return changes
  }

  async look(): Promise<void> {
    for (const look of await this.#mesh.look()) {
      if (look === undefined) continue
      const {node: id, epoch, term, role} = look
      if (role === 'master') this.#terms.add(`${epoch}.${term}`)
      const before = this.#termOf.get(id)
      if (before?.epoch === epoch && term < before.term) {
        this.falls.push(`node ${look.place.name} went from term ${before.term} back to ${term}`)
      }
      if (before === undefined || before.epoch !== epoch || term > before.term) {
        this.#termOf.set(id, {epoch, term})
      }
    }
  }
}
