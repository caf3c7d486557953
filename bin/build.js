#!/usr/bin/env node
/** `npm run build`: dist from src, files that are no TypeScript included, and oclif's manifest. */
import {execFileSync} from 'node:child_process'
import {cpSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'
import {rolldown} from 'rolldown'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'node_modules', '.bin')

// Commands that were removed must not live on in dist. --keep: somebody runs from it right now.
if (!process.argv.includes('--keep')) {
  rmSync(join(root, 'dist'), {recursive: true, force: true})
}
/** Of the admin's page everything but what browsers are given as it is. */
function isBundled(source) {
  const path = relative(join(root, 'src', 'lib', 'admin', 'page'), source)
  return path !== '' && !path.startsWith('..') && !/^(?:index\.html|favicon\.svg)$/.test(path)
}

/** A module that is missing would be a warning, and the bundle one that no browser can run. */
function failOnWarning(level, log, handle) {
  handle(level === 'warn' ? 'error' : level, log)
}

/** The client library as one file for browsers: `<script src>` gives a page `wsmesh.connect`. */
async function bundleClient() {
  const {version} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const bundle = await rolldown({
    input: join(root, 'dist/lib/client/connect.js'), platform: 'browser', onLog: failOnWarning,
  })
  const {output} = await bundle.generate({
    format: 'iife', name: 'wsmesh', minify: true, generatedCode: {symbols: false}, esModule: false,
  })
  await bundle.close()
  // Hints for bundlers, which this is beyond.
  const code = output[0].code.replaceAll('/* @__PURE__ */ ', '')
  writeFileSync(join(root, 'dist/wsmesh.js'), `/* wsmesh ${version}, MIT */\n${code}`)
}

/** The page of `wsmesh admin`: one script and one style sheet, nothing of them from elsewhere. */
async function bundleAdmin() {
  const page = join(root, 'src/lib/admin/page')
  const dist = join(root, 'dist/lib/admin/page')
  const bundle = await rolldown({
    input: join(page, 'main.ts'), platform: 'browser',
    resolve: {extensionAlias: {'.js': ['.ts', '.js']}}, tsconfig: false, onLog: failOnWarning,
  })
  const {output} = await bundle.generate({format: 'es', minify: true})
  await bundle.close()
  const styles = [join(root, 'node_modules/uplot/dist/uPlot.min.css'), join(page, 'page.css')]
  mkdirSync(dist, {recursive: true})
  writeFileSync(join(dist, 'admin.js'), output[0].code)
  writeFileSync(join(dist, 'admin.css'), styles.map((path) => readFileSync(path, 'utf8')).join('\n'))
}

try {
  execFileSync(join(bin, 'tsc'), ['-p', 'tsconfig.json'], {cwd: root, stdio: 'inherit'})
  cpSync(join(root, 'src'), join(root, 'dist'), {
    recursive: true,
    filter: (source) => !isBundled(source) && !source.endsWith('.ts'),
  })
  await bundleClient()
  await bundleAdmin()
  execFileSync(join(bin, 'oclif'), ['manifest'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    // It would ask the registry for a newer oclif, and say so in the middle of a build.
    env: {...process.env, OCLIF_SKIP_NEW_VERSION_CHECK: 'true'},
  })
  const now = new Date()
  utimesSync(join(root, 'oclif.manifest.json'), now, now)
} catch (error) {
  // A program that failed has said why.
  if (typeof error.status !== 'number') throw error
  process.exitCode = error.status
}
