/** Why somebody else's server failed, for an operator: its message with those of its causes. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const why = error.cause === undefined ? '' : describeFailure(error.cause)
  return why === '' || error.message.includes(why) ? error.message : `${error.message}: ${why}`
}
