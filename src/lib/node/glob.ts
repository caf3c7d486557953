/** A glob over action names: `*` any run of characters but `/`, `**` any run, `?` one character. */
export function compileGlob(glob: string): (text: string) => boolean {
  const source = glob.replaceAll(/\*{2,}|\*|\?|[^*?]+/g, (part) => {
    if (part.startsWith('**')) return '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '.'
    return part.replaceAll(/[\\^$.|+()[\]{}/-]/g, String.raw`\$&`)
  })
  const pattern = new RegExp(`^${source}$`, 'su')
  return (text) => pattern.test(text)
}
