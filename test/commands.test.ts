import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'

/**
 * Flags, arguments and JSON fields of all commands are an API: who scripts wsmesh relies on them.
 * A change shows here; `npx vitest run test/commands.test.ts -u` accepts it.
 */
const COMMANDS = join(import.meta.dirname, '..', 'src', 'commands')

interface FlagLike {
  readonly char?: string
  readonly aliases?: readonly string[]
  readonly env?: string
  readonly multiple?: boolean
  readonly options?: readonly string[]
  readonly default?: unknown
  readonly required?: boolean
  readonly type: string
}

interface CommandLike {
  readonly aliases?: readonly string[]
  readonly args?: Readonly<Record<string, unknown>>
  readonly flags?: Readonly<Record<string, FlagLike>>
  readonly baseFlags?: Readonly<Record<string, FlagLike>>
  readonly jsonFields?: readonly string[]
  readonly summary?: string
  readonly examples?: readonly string[]
}

const files = readdirSync(COMMANDS, {recursive: true, encoding: 'utf8'})
  .filter((path) => path.endsWith('.ts'))
  .toSorted()

async function load(path: string): Promise<CommandLike> {
  const module = (await import(join(COMMANDS, path))) as {default: CommandLike}
  return module.default
}

test('commands, flags and JSON fields are as recorded', async () => {
  const recorded: Record<string, unknown> = {}
  for (const path of files) {
    const command = await load(path)
    recorded[path.replace(/\.ts$/, '').replaceAll('/', ' ')] = {
      aliases: command.aliases,
      args: Object.keys(command.args ?? {}),
      flags: Object.fromEntries(
        Object.entries({...command.flags, ...command.baseFlags}).map(([name, flag]) => [
          name,
          describeFlag(flag),
        ]),
      ),
      jsonFields: command.jsonFields,
    }
  }
  const text = `${JSON.stringify(recorded, null, 2)}\n`
  await expect(text).toMatchFileSnapshot('./commands.snapshot.json')
})

function describeFlag({type, char, aliases, env, multiple, options, ...flag}: FlagLike): string {
  return [
    type,
    ...(char === undefined ? [] : [`-${char}`]),
    ...(aliases ?? []).map((alias) => `also --${alias}`),
    ...(multiple ? ['repeatable'] : []),
    ...(options ? [options.join('|')] : []),
    ...(flag.required ? ['required'] : []),
    ...(flag.default === undefined || type === 'boolean' ? [] : [`default ${JSON.stringify(flag.default)}`]),
    ...(env === undefined ? [] : [env]),
  ].join(', ')
}

test.each(files)('%s: a summary of at most 80 columns in lower case, and examples', async (path) => {
  const {summary = '', examples = []} = await load(path)
  expect(summary).toMatch(/^[a-z].{0,78}[^.]$/)
  expect(examples.length).toBeGreaterThan(0)
  expect(examples.filter((text) => !text.startsWith('wsmesh '))).toEqual([])
})
