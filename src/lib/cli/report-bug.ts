import {coloursFor} from './colours.js'
import {failureOf, renderFailure} from './failure.js'

/** An error that nobody caught: said in the same words as all others, then the process ends. */
export function reportBug(error: unknown): never {
  const failure = failureOf(error, 'wsmesh')
  process.stderr.write(renderFailure(failure, coloursFor(process.stderr, 'auto', process.env)))
  if (process.env['WSMESH_DEBUG'] && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`)
  }
  process.exit(failure.exit)
}
