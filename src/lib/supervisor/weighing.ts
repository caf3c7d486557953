/** When a node takes too much memory (--max-rss). Pure. */

/** So many samples above the limit, a second apart, are no passing peak. */
const FAT_MAX = 3
/** Past this part of the limit nobody waits for a successor any more. */
const RSS_KILL = 1.5
const MIB = 1024 * 1024

export interface Weight {
  readonly verdict: 'fine' | 'replace' | 'kill'
  /** Samples in a row that were above the limit, this one included. */
  readonly fat: number
  /** For people: what it takes. */
  readonly is: string
}

/** `fat`: samples in a row before this one that were above the limit. */
export function judgeWeight(rssBytes: number, limitBytes: number, fat: number): Weight {
  const [is, may] = [rssBytes, limitBytes].map((bytes) => `${Math.round(bytes / MIB)} MiB`)
  const next = rssBytes > limitBytes ? fat + 1 : 0
  if (rssBytes > limitBytes * RSS_KILL) {
    return {verdict: 'kill', fat: next, is: `${is}, far beyond the ${may} of --max-rss`}
  }
  const verdict = next < FAT_MAX ? 'fine' : 'replace'
  return {verdict, fat: next, is: `${is}, more than the ${may} of --max-rss`}
}
