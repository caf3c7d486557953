/** Without a key: what can be asked here is no secret. */
export const DOCUMENT_PATH = '/openapi.json'

export const ROUTE_PATHS = [
  '/publish', '/publish/batch', '/kick', '/who', '/nodes', '/metrics',
] as const

/** Also answered beside the API, and without a key to who is on the node's machine. */
export const METRICS_PATH = '/metrics' satisfies (typeof ROUTE_PATHS)[number]

export type RoutePath = (typeof ROUTE_PATHS)[number]

/** All that the HTTP API answers. */
export const API_PATHS: readonly string[] = [...ROUTE_PATHS, DOCUMENT_PATH]
