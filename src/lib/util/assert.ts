/**
 * Programmer errors. They are never caught: a broken invariant must stop the process loudly, since
 * going on would turn one wrong state into many (TigerStyle: operating errors are handled,
 * programmer errors crash).
 */
export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed'
}

/** Throws AssertionFailed with the message unless the condition holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message)
}

/** Closes a switch over a union: the compiler refuses a call that can be reached. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`Unreachable value: ${JSON.stringify(value)}`)
}
