// What the relay could be made to run: programs, texts as code, templates. Nothing of it takes a word of a request, and a new place has to say why.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { importsOf, mask } from './tidy/source.ts'

const root = join(import.meta.dirname, '..')
const sources = globSync('src/**/*.ts', { cwd: root })
  .filter((path) => !/\.(?:test|contract)\.ts$/.test(path))
  .sort()
  .map((path) => ({ path, masked: mask(readFileSync(join(root, path), 'utf8')) }))

/** Each file that may start something, and what of it nobody who asks can choose. */
const mayStart: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'node:child_process': {
    'src/cli/launcher-watch.ts': 'asks the system for its own parents, by number',
    'src/wiring/console.ts': 'builds the console of a checkout at the start',
  },
  'node:cluster': {
    'src/wiring/workers/fork.ts': 'starts this program again',
    'src/wiring/workers/seat.ts': 'looks whether it was started so',
  },
  'node:vm': { 'src/base/collect.ts': 'runs the word gc' },
  'node:worker_threads': {
    'src/provider/token-counter.ts': 'a file of this program',
    'src/provider/token-worker.ts': 'is that file',
    'src/store/sqlite/thread.ts': 'a file of this program',
    'src/store/sqlite/worker.ts': 'is that file',
  },
}

for (const [module, files] of Object.entries(mayStart))
  test(`${module} is imported by who is known to`, () => {
    const found = sources.filter(({ masked }) => importsOf(masked).some(({ specifier }) => specifier === module))
    assert.deepEqual(
      found.map(({ path }) => path),
      Object.keys(files),
    )
  })

test('no text is run as code, and no module is loaded whose name is not written down', () => {
  const form =
    /(?<![.\w])eval\s*\(|\bnew Function\b|\bFunction\s*\(|\bcreateRequire\b|\bprocess\.(?:binding|dlopen)\b|\bimport\s*\((?!\s*['"`])/
  const found = sources.filter(({ masked }) => form.test(masked.code)).map(({ path }) => path)
  assert.deepEqual(found, [])
})
