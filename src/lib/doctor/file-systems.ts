/** What file system a path is on, as /proc/self/mountinfo tells it (proc(5)). */

export function fileSystemOf(path: string, mountinfo: string): string | undefined {
  let best: {readonly at: string; readonly type: string} | undefined
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const at = before.split(' ')[4]?.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCodePoint(Number.parseInt(octal, 8)))
    const type = after.split(' ')[0]
    if (at === undefined || type === undefined || type === '') continue
    const isAbove = path === at || path.startsWith(at.endsWith('/') ? at : `${at}/`)
    // Of two at one place the later one hides the other.
    if (isAbove && at.length >= (best?.at.length ?? 0)) best = {at, type}
  }
  return best?.type
}
