import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { python, run, startStage } from './stage.ts'

const script = join(import.meta.dirname, 'python', 'openai_sdk.py')

/** The names in the list of checks at the end of the script. */
function checksOf(text: string): readonly string[] {
  const list = /^CHECKS = \[([^\]]+)\]/m.exec(text)?.[1] ?? ''
  return [...list.matchAll(/\w+/g)].map(([name]) => name)
}

test('openai for Python', async (context) => {
  const stage = await startStage()
  try {
    const limited = await stage.relay.createKey({ test: true, rpm: 3 })
    const { code, stdout, stderr } = await run(python, [script], {
      BASE_URL: stage.baseUrl,
      TEST_KEY: stage.testKey,
      LIVE_KEY: stage.liveKey,
      LIMITED_KEY: limited.key,
    })
    assert.equal(code, 0, stderr)
    const checks = checksOf(readFileSync(script, 'utf8'))
    assert.ok(checks.length >= 14)
    const told = stdout.split(/^(?=held: |failed: )/m)
    for (const check of checks) {
      await context.test(check, () => {
        const one = told.find((text) => text.startsWith(`held: ${check}\n`) || text.startsWith(`failed: ${check}\n`))
        assert.ok(one?.startsWith('held: '), one ?? `${check} did not run: ${stderr}`)
      })
    }
  } finally {
    await stage.close()
  }
})
