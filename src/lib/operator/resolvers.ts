/** Promise.withResolvers, which Node 20 does not have. */
export interface Resolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

export function withResolvers<T>(): Resolvers<T> {
  let resolve: ((value: T) => void) | undefined
  let reject: ((error: Error) => void) | undefined
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return {promise, resolve: (value) => resolve?.(value), reject: (error) => reject?.(error)}
}
