/** Why this library itself did not do it; codes of nodes are numbers as in HTTP. */
export type MeshErrorCode =
  | 'bad-action'
  | 'bad-option'
  | 'closed'
  | 'lost'
  | 'queue-full'
  | 'timeout'
  | 'too-big'
  | 'too-slow'

export class MeshError extends Error {
  override readonly name = 'MeshError'
  readonly code: number | MeshErrorCode

  constructor(code: number | MeshErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
