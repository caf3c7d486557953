import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {defaultDataDir, type Environment} from '../../auth/data-dir.js'
import {isRecord, parseJson} from '../../protocol/json-text.js'
import {readContexts} from '../context/context-file.js'
import {allCodes} from '../errors/lookup.js'
import type {ValueKind} from './complete.js'

/** From files alone: a key press must not wait for a database. Never rejects. */
export async function knownValues(kind: ValueKind, env: Environment): Promise<readonly string[]> {
  try {
    switch (kind) {
      case 'contexts':
        return [...(await readContexts(env)).byName.keys()]
      case 'codes':
        return allCodes().filter((code) => code.kind !== 'exit').map(({code}) => code)
      case 'nodes':
        return await rememberedNodes(env, 'id')
      case 'node-urls':
        return await rememberedNodes(env, 'url')
      default:
        return kind satisfies never
    }
  } catch {
    // Nobody can be told in the middle of a line; the command itself will say what is wrong.
    return []
  }
}

/** What commands remember of every pool that they saw (address-book.ts). */
async function rememberedNodes(env: Environment, field: 'id' | 'url'): Promise<readonly string[]> {
  const folder = defaultDataDir(env)
  const names = (await readdir(folder)).filter((name) => /^nodes-\w+\.json$/.test(name))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return [...new Set(texts.flatMap((text) => {
    const read = parseJson(text)
    const nodes = read.ok && isRecord(read.value) ? read.value['nodes'] : undefined
    return Array.isArray(nodes) ? nodes.filter(isRecord).map((node) => String(node[field])) : []
  }))]
}
