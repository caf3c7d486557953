import {WsmeshError} from '../util/errors.js'

interface FlagSource {
  readonly char?: string | undefined
  readonly env?: string | undefined
}

/**
 * A wrong value that came from the environment is put down to its variable: who never typed
 * `--port` looks for it in vain. Other errors stay as they are.
 */
export function blamingVariable(
  error: Error,
  argv: readonly string[],
  flags: Readonly<Record<string, FlagSource>>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Error {
  for (const [name, {char, env: variable}] of Object.entries(flags)) {
    if (variable === undefined || !env[variable]) continue
    if (argv.some((word) => isFlag(word, name, char))) continue
    // Not of --pool when it is --pool-prefix.
    const flag = new RegExp(`--${name}(?![\\w-])`, 'g')
    if (!flag.test(error.message)) continue
    const rename = (text: string): string => text.replaceAll(flag, variable)
    if (error instanceof WsmeshError) {
      return new WsmeshError(error.code, rename(withoutParser(error.message)), {
        cause: error.cause,
        suggestions: error.suggestions.map((text) => asSetting(rename(text), variable)),
      })
    }
    error.message = rename(error.message)
  }
  return error
}

/** "--timeout 5s" is written WSMESH_TIMEOUT=5s there. */
function asSetting(text: string, variable: string): string {
  return text.replace(`${variable} `, `${variable}=`)
}

/** oclif wraps the message of what the parser of a flag throws; ours names the flag itself. */
function withoutParser(message: string): string {
  return message.replace(/^Parsing \S+ \n\t/, '')
}

function isFlag(word: string, name: string, char: string | undefined): boolean {
  if (word === `--${name}` || word.startsWith(`--${name}=`)) return true
  return char !== undefined && !word.startsWith('--') && word.startsWith(`-${char}`)
}
