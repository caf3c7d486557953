/** What may be kept of a node that hangs, as --on-hang names it. */
export const HANG_FILES = ['report', 'cpu', 'heap'] as const
export type HangFile = (typeof HANG_FILES)[number]
