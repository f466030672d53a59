import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { kimiSettings } from '../test/fake/kimi.ts'
import type { Ran, Stage } from './stage.ts'
import { completionsAsked, examples, python, run, startStage } from './stage.ts'

test('the client for Python moves calls onto the relay as the one for TypeScript does', async () => {
  const suite = join(import.meta.dirname, '..', 'test', 'edge', 'test_drover_edge.py')
  const { code, stderr } = await run(python, [suite], {})
  assert.equal(code, 0, stderr)
  const count = Number(/^Ran (\d+) tests/m.exec(stderr)?.[1])
  assert.ok(count >= 10, stderr)
})

const people = ['anna', 'ben', 'gus', 'hal', 'leo', 'nils']

describe('the examples of the clients', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage.close())

  const runEdge = (file: string, percent: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    run(file.endsWith('.py') ? python : process.execPath, [join(examples, file)], {
      PROVIDER_BASE_URL: stage.kimi.baseUrl,
      OPENAI_API_KEY: kimiSettings.key,
      DROVER_BASE_URL: stage.baseUrl,
      DROVER_API_KEY: stage.testKey,
      DROVER_PERCENT: percent,
      DROVER_REPORT: 'off',
      MODEL: 'kimi-k2.6',
      ...more,
    })

  /** Whose completions the provider was asked for. */
  const asked = (): readonly string[] =>
    completionsAsked(stage.kimi)
      .map((body) => people.find((one) => body.includes(`from ${one}`)) ?? 'somebody else')
      .toSorted()

  for (const file of ['client-edge-node/main.mjs', 'client-edge-python/main.py'])
    test(`${file}: some here, some there, all answered also when the relay is down`, async () => {
      const half = await runEdge(file, '50')
      assert.equal(half.code, 0, half.stderr)
      for (const one of people) assert.match(half.stdout, new RegExp(`Good morning from ${one}`))
      assert.match(half.stdout, /baseline/)
      assert.match(half.stdout, /candidate/)
      stage.kimi.forget()
      const none = await runEdge(file, '0')
      assert.equal(none.code, 0, none.stderr)
      assert.deepEqual(asked(), people.toSorted())
      stage.kimi.forget()
      const around = await runEdge(file, '100', { DROVER_BASE_URL: 'http://127.0.0.1:65533/v1' })
      assert.equal(around.code, 0, around.stderr)
      assert.deepEqual(asked(), people.toSorted())
      assert.match(around.stdout.toLowerCase(), /is_?down['"]?: ?true/)
    })
})
