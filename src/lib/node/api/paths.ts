/** Without a key: what can be asked here is no secret. */
export const DOCUMENT_PATH = '/openapi.json'

export const ROUTE_PATHS = ['/publish', '/publish/batch', '/kick', '/who', '/nodes'] as const

export type RoutePath = (typeof ROUTE_PATHS)[number]

/** All that the HTTP API answers. */
export const API_PATHS: readonly string[] = [...ROUTE_PATHS, DOCUMENT_PATH]
