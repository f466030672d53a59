// The programs of the guide, with the SDKs that its readers have, against the sandbox.
import { strict as assert } from 'node:assert'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readSnippets } from '../test/guide/snippets.ts'
import { python, run, startStage } from './stage.ts'

const guide = join(import.meta.dirname, '..', 'docs', 'migrate')
const programs = readSnippets(guide).filter(
  ({ language, isRun }) => isRun && (language === 'python' || language === 'js'),
)

describe('the programs of the guide', () => {
  test('there are some in both languages', () => {
    assert.ok(programs.some(({ language }) => language === 'python'))
    assert.ok(programs.some(({ language }) => language === 'js'))
  })

  test('run against the sandbox as they stand', async (context) => {
    const stage = await startStage()
    // Beside the SDKs, where their imports are found.
    const folder = await mkdtemp(join(import.meta.dirname, '.guide-'))
    try {
      for (const { page, line, language, text } of programs)
        await context.test(`${page}:${line}`, async () => {
          const file = join(folder, `${page}-${line}.${language === 'python' ? 'py' : 'mjs'}`)
          await writeFile(file, text)
          const environment = {
            OPENAI_BASE_URL: stage.baseUrl,
            OPENAI_API_KEY: stage.testKey,
            PYTHONIOENCODING: 'utf-8',
          }
          const { code, stdout, stderr } = await run(
            language === 'python' ? python : process.execPath,
            [file],
            environment,
          )
          assert.equal(code, 0, stderr)
          assert.notEqual(stdout.trim(), '', 'it says what it found')
        })
    } finally {
      await stage.close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
