const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** "5s", "1m30s", "250ms", "30d" to milliseconds; undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  let totalMs = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * (UNIT_MS[unit] ?? Number.NaN)
  }
  return Number.isFinite(totalMs) ? totalMs : undefined
}

/** Milliseconds as an operator reads them: "4.1 ms", "12 s", "3 m 20 s", "2 h 5 m", "3 d 4 h". */
export function formatDuration(ms: number): string {
  const wholeMs = Math.round(ms)
  if (wholeMs < 1000) return `${ms < 10 ? Number(ms.toFixed(1)) : wholeMs} ms`
  const seconds = Math.floor(wholeMs / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} m ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} m`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}
