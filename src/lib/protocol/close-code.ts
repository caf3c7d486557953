/**
 * Why a connection was closed. 4000-4499: connect again; 4500-4999: do not (as Centrifugo splits
 * them). A reason on the wire is at most 123 bytes of UTF-8 (RFC 6455, 5.5).
 */
export const CLOSE = {
  drain: {code: 4000, reason: 'drain'},
  slowConsumer: {code: 4001, reason: 'slow-consumer'},
  isolated: {code: 4002, reason: 'isolated'},
  insufficientState: {code: 4003, reason: 'insufficient-state'},
  noPong: {code: 4004, reason: 'no-pong'},
  tooMany: {code: 4005, reason: 'too-many'},
  sessionExpired: {code: 4006, reason: 'session-expired'},
  unavailable: {code: 4007, reason: 'unavailable'},
  authenticationTimeout: {code: 4008, reason: 'authentication-timeout'},
  unauthenticated: {code: 4500, reason: 'unauthenticated'},
  kicked: {code: 4501, reason: 'kicked'},
  badFrame: {code: 4502, reason: 'bad-frame'},
  tooBig: {code: 4503, reason: 'too-big'},
  versionUnsupported: {code: 4504, reason: 'version-unsupported'},
} as const

export type CloseName = keyof typeof CLOSE

/** Whether a client that was closed with this code should connect again. */
export function shouldReconnect(code: number): boolean {
  return code < 4500
}
