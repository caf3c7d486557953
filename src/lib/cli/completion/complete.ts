/** What could be typed next on a command line of wsmesh. Pure but for values that it asks for. */

/** The parts of oclif's commands that count here. */
export interface CommandInfo {
  /** "pool:list". */
  readonly id: string
  readonly summary?: string | undefined
  readonly hidden?: boolean | undefined
  readonly flags: Readonly<Record<string, FlagInfo>>
  readonly args: Readonly<Record<string, {readonly options?: readonly string[] | undefined}>>
}

export interface FlagInfo {
  readonly type: 'boolean' | 'option'
  readonly char?: string | undefined
  readonly summary?: string | undefined
  readonly hidden?: boolean | undefined
  readonly multiple?: boolean | undefined
  readonly options?: readonly string[] | undefined
  readonly allowNo?: boolean | undefined
}

/** Values that are known only here and now. */
export type ValueKind = 'contexts' | 'nodes' | 'node-urls' | 'codes'

export interface Suggestion {
  readonly value: string
  /** Empty where the value says it. */
  readonly about: string
}

export interface Completing {
  readonly commands: readonly CommandInfo[]
  /** Descriptions of topics, by name. */
  readonly topics: ReadonlyMap<string, string>
  values(kind: ValueKind): Promise<readonly string[]>
}

/**
 * `words`: what stands behind `wsmesh`, up to the cursor; the last is being typed, and may be
 * empty. Nothing means that the shell may offer files.
 */
export async function complete(
  words: readonly string[], known: Completing,
): Promise<readonly Suggestion[]> {
  const joined = withoutEquals(words)
  const typed = joined.at(-1) ?? ''
  const before = joined.slice(0, -1)
  const path = pathOf(before, known.commands)
  const rest = before.slice(path.length)
  const command = known.commands.find(({id}) => id === path.join(':'))
  const suggestions = rest.length === 0 && !typed.startsWith('-') ? nextWords(path, known) : []
  const more = command === undefined ? [] : await ofCommand(command, rest, typed, known)
  // Shells that leave `--sort=x` one word replace all of it.
  const prefix = /^--[^=]+=/.exec(words.at(-1) ?? '')?.[0] ?? ''
  return [...suggestions, ...more]
    .filter(({value}) => value.startsWith(typed))
    .map(({value, about}) => ({value: `${prefix}${value}`, about}))
}

/** bash gives `--sort=x` as three words, others as one. */
function withoutEquals(words: readonly string[]): readonly string[] {
  const joined: string[] = []
  for (const [index, word] of words.entries()) {
    const isValue = words[index - 1] === '=' && words[index - 2]?.startsWith('--') === true
    if (word === '=' && words[index - 1]?.startsWith('--') === true) {
      if (index === words.length - 1) joined.push('')
    } else if (isValue || !/^--[^=]+=/.test(word)) {
      joined.push(word)
    } else {
      const at = word.indexOf('=')
      joined.push(word.slice(0, at), word.slice(at + 1))
    }
  }
  return joined
}

/** Those of the first words that name a topic or a command. */
function pathOf(words: readonly string[], commands: readonly CommandInfo[]): readonly string[] {
  const path: string[] = []
  for (const word of words) {
    const next = [...path, word].join(':')
    if (!commands.some(({id}) => id === next || id.startsWith(`${next}:`))) break
    path.push(word)
  }
  return path
}

function nextWords(path: readonly string[], {commands, topics}: Completing): Suggestion[] {
  const prefix = path.map((word) => `${word}:`).join('')
  const found = new Map<string, string>()
  for (const {id, summary = '', hidden} of commands) {
    if (hidden || !id.startsWith(prefix)) continue
    const [word = ''] = id.slice(prefix.length).split(':')
    const name = `${prefix}${word}`
    if (word !== '' && !found.has(word)) found.set(word, name === id ? summary : '')
    if (topics.has(name)) found.set(word, topics.get(name) ?? '')
  }
  return [...found].map(([value, about]) => ({value, about}))
}

async function ofCommand(
  command: CommandInfo, rest: readonly string[], typed: string, known: Completing,
): Promise<readonly Suggestion[]> {
  const last = rest.at(-1)
  const flag = last === undefined ? undefined : flagOf(command, last)
  if (flag?.info.type === 'option') return valuesOf(flag.name, flag.info, known)
  if (typed.startsWith('-')) return flagsOf(command, rest)
  const args = Object.entries(command.args)
  const place = args[Math.min(positionals(command, rest), args.length - 1)]
  if (place === undefined) return []
  const [name, {options = []}] = place
  if (options.length > 0) return options.map(plain)
  const kind = kindOfArg(command.id, name)
  return kind === undefined ? [] : (await known.values(kind)).map(plain)
}

function flagsOf({flags}: CommandInfo, given: readonly string[]): readonly Suggestion[] {
  return Object.entries(flags)
    .filter(([name, {hidden, multiple}]) => !hidden && (multiple || !given.includes(`--${name}`)))
    .flatMap(([name, {summary = '', allowNo}]) => [
      {value: `--${name}`, about: summary},
      ...(allowNo ? [{value: `--no-${name}`, about: summary}] : []),
    ])
}

function flagOf({flags}: CommandInfo, word: string) {
  const found = Object.entries(flags).find(([name, {char}]) =>
    word === `--${name}` || (char !== undefined && word === `-${char}`))
  return found && {name: found[0], info: found[1]}
}

async function valuesOf(
  name: string, {options = []}: FlagInfo, known: Completing,
): Promise<readonly Suggestion[]> {
  if (options.length > 0) return options.map(plain)
  if (name === 'context') return ['none', ...await known.values('contexts')].map(plain)
  return name === 'node' ? (await known.values('node-urls')).map(plain) : []
}

/** How many arguments stand there already. */
function positionals(command: CommandInfo, words: readonly string[]): number {
  return words.filter((word, index) => {
    const before = words[index - 1]
    const isValue = before !== undefined && flagOf(command, before)?.info.type === 'option'
    return !word.startsWith('-') && !isValue
  }).length
}

function kindOfArg(id: string, name: string): ValueKind | undefined {
  if (/^context:(?:use|remove)$/.test(id)) return 'contexts'
  if (id === 'errors:lookup') return 'codes'
  return name === 'node' ? 'nodes' : undefined
}

function plain(value: string): Suggestion {
  return {value, about: ''}
}
