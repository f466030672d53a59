// The programs of docs/connect.md, with the SDKs that they name, against the sandbox.
import { strict as assert } from 'node:assert'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSnippets } from '../test/guide/snippets.ts'
import { python, run, startStage } from './stage.ts'

const docs = join(import.meta.dirname, '..', 'docs')
const programs = readSnippets(docs).filter(({ page, isRun }) => page === 'connect.md' && isRun)

test('the programs of the page run against the sandbox as they stand', async (context) => {
  assert.ok(programs.some(({ language }) => language === 'python'))
  assert.ok(programs.some(({ language }) => language === 'js'))
  const stage = await startStage()
  // Beside the SDKs, where their imports are found.
  const folder = await mkdtemp(join(import.meta.dirname, '.connect-'))
  try {
    const environment = {
      DROVER_URL: stage.relay.url,
      DROVER_KEY: stage.testKey,
      PYTHONIOENCODING: 'utf-8',
    }
    const runs = programs.map(async ({ line, language, text }) => {
      const file = join(folder, `${line}.${language === 'python' ? 'py' : 'mjs'}`)
      await writeFile(file, text)
      return { line, ran: await run(language === 'python' ? python : process.execPath, [file], environment) }
    })
    for (const { line, ran } of await Promise.all(runs))
      await context.test(`line ${line}`, () => {
        assert.equal(ran.code, 0, ran.stderr)
        assert.match(ran.stdout, /ping/)
      })
  } finally {
    await stage.close()
    await rm(folder, { recursive: true, force: true })
  }
})
