import {readFileSync, readdirSync} from 'node:fs'
import {expect, test} from 'vitest'
import {ScenarioRunner} from './scenario-runner.js'

const folder = new URL('.', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))

test('there are scenarios for the faults that the design names', () => {
  expect(files.length).toBeGreaterThanOrEqual(15)
})

test.each(files)('%s', async (name) => {
  const url = new URL(name, folder)
  const text = new ScenarioRunner().perform(readFileSync(url, 'utf8'))
  await expect(text).toMatchFileSnapshot(url.pathname)
})
