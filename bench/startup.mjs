#!/usr/bin/env node
/**
 * What `wsmesh --version` and `--help` cost beside an empty oclif command, medians of alternating
 * runs: node bench/startup.mjs [--runs 15]. Ends with 1 when one costs more than the bound.
 */
import {execFileSync, spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const RATIO_MAX = 2.5
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const runsFlag = process.argv.indexOf('--runs')
const runs = runsFlag === -1 ? 15 : Number(process.argv[runsFlag + 1])

// Node 20 reads those certificates at every start, which would hide what is measured.
const {NODE_EXTRA_CA_CERTS: _certificates, ...env} = process.env

/** An ESM CLI of one command that does nothing, with a manifest, as oclif generates it. */
function makeEmptyCli(folder) {
  mkdirSync(join(folder, 'bin'))
  mkdirSync(join(folder, 'commands'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const oclif = {bin: 'empty', dirname: 'empty', commands: './commands', topicSeparator: ' '}
  const about = {name: 'empty', version: '1.0.0', type: 'module', files: ['bin', 'commands']}
  writeFileSync(join(folder, 'package.json'), JSON.stringify({...about, oclif}))
  writeFileSync(
    join(folder, 'bin', 'run.js'),
    "import {execute} from '@oclif/core'\nawait execute({dir: import.meta.url})\n",
  )
  writeFileSync(
    join(folder, 'commands', 'nothing.js'),
    "import {Command} from '@oclif/core'\n" +
      'export default class Nothing extends Command {\n  async run() { await this.parse(Nothing) }\n}\n',
  )
  execFileSync(join(root, 'node_modules', '.bin', 'oclif'), ['manifest'], {
    cwd: folder,
    stdio: 'ignore',
  })
  return join(folder, 'bin', 'run.js')
}

function timeMs(bin, args) {
  const startMs = performance.now()
  const {status} = spawnSync(process.execPath, [bin, ...args], {env, stdio: 'ignore', cwd: tmpdir()})
  if (status !== 0) throw new Error(`${bin} ${args.join(' ')} ended with ${status}`)
  return performance.now() - startMs
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-startup-'))
try {
  const empty = makeEmptyCli(folder)
  const wsmesh = join(root, 'bin', 'run.js')
  if (!existsSync(join(root, 'oclif.manifest.json'))) throw new Error('Run first: npm run build')
  const series = [
    {name: 'empty command', bin: empty, args: ['nothing'], ms: []},
    {name: 'wsmesh --version', bin: wsmesh, args: ['--version'], ms: []},
    {name: 'wsmesh --help', bin: wsmesh, args: ['--help'], ms: []},
    {name: 'wsmesh send --help', bin: wsmesh, args: ['send', '--help'], ms: []},
    {name: 'wsmesh config show', bin: wsmesh, args: ['config', 'show'], ms: []},
  ]
  // In turns, so that a busy moment of the machine meets all of them.
  for (let run = -1; run < runs; run += 1) {
    for (const one of series) {
      const ms = timeMs(one.bin, one.args)
      if (run >= 0) one.ms.push(ms)
    }
  }
  const base = median(series[0].ms)
  for (const {name, ms} of series) {
    const ratio = (median(ms) / base).toFixed(2)
    console.log(`${name.padEnd(20)} ${median(ms).toFixed(0).padStart(5)} ms  ${ratio} x`)
  }
  const isTooSlow = series.slice(1, 3).some(({ms}) => median(ms) > RATIO_MAX * base)
  if (isTooSlow) console.error(`More than ${RATIO_MAX} x an empty command.`)
  process.exitCode = isTooSlow ? 1 : 0
} finally {
  rmSync(folder, {recursive: true, force: true})
}
