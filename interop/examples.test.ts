import { strict as assert } from 'node:assert'
import { cpSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { kimiSettings } from '../test/fake/kimi.ts'
import type { Ran, Stage } from './stage.ts'
import { completionsAsked, examples, python, run, startStage } from './stage.ts'

/** A copy beside our installed packages, so that `import 'openai'` finds them as it does after `npm install openai`. */
function besidePackages(file: string): string {
  const folder = join(import.meta.dirname, 'node_modules', '.examples')
  mkdirSync(folder, { recursive: true })
  const copy = join(folder, basename(file))
  cpSync(join(examples, file), copy)
  return copy
}

describe('examples', () => {
  let stage: Stage
  before(async () => {
    stage = await startStage()
  })
  after(() => stage.close())

  type Settings = { readonly environment?: Readonly<Record<string, string>>; readonly parameters?: readonly string[] }

  /** Runs an example against the relay with this key, as its first lines say. */
  async function runExample(file: string, key: string, settings: Settings = {}): Promise<Ran> {
    const environment = { DROVER_BASE_URL: stage.baseUrl, DROVER_API_KEY: key, ...settings.environment }
    const parameters = settings.parameters ?? []
    if (file.endsWith('.py')) return run(python, [join(examples, file), ...parameters], environment)
    return run(process.execPath, [besidePackages(file), ...parameters], environment)
  }

  test('python-swap: the sandbox, and a strict Kimi that refuses its temperature', async () => {
    const sandbox = await runExample('python-swap/main.py', stage.testKey)
    assert.equal(sandbox.code, 0, sandbox.stderr)
    assert.match(sandbox.stdout, /Why is the sky blue\?/)
    stage.kimi.forget()
    const live = await runExample('python-swap/main.py', stage.liveKey)
    assert.equal(live.code, 0, live.stderr)
    assert.match(live.stdout, /Kimi heard: Why is the sky blue\?/)
    const sent = JSON.parse(String(completionsAsked(stage.kimi)[0])) as Record<string, unknown>
    assert.notEqual(sent['temperature'], 0.7)
    assert.equal(sent['max_tokens'] ?? sent['max_completion_tokens'], 512)
    // Kimi itself, asked the same way, refuses: the fake is as strict as it should be.
    const direct = await runExample('python-swap/main.py', kimiSettings.key, {
      environment: { DROVER_BASE_URL: stage.kimi.baseUrl, MODEL: 'kimi-k2.6' },
    })
    assert.notEqual(direct.code, 0)
    assert.match(direct.stderr, /invalid temperature/)
  })

  test('node-client: content, usage, model, both latencies; clear errors', async () => {
    for (const key of [stage.testKey, stage.liveKey]) {
      const { code, stdout, stderr } = await runExample('node-client/client.mjs', key, { parameters: ['ping'] })
      assert.equal(code, 0, stderr)
      const answer = JSON.parse(stdout) as Record<string, unknown>
      assert.match(String(answer['content']), /^p[io]ng$/)
      assert.ok(Number((answer['usage'] as Record<string, unknown>)['total_tokens']) > 0)
      assert.match(String(answer['model']), /kimi/)
      assert.ok(Number(answer['processingMs']) >= 0)
      assert.ok(Number(answer['latencyMs']) >= Number(answer['processingMs']))
    }
    const refused = await runExample('node-client/client.mjs', 'hs-live-wrong')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /DROVER_API_KEY/)
    const busy = await runExample('node-client/client.mjs', stage.testKey, {
      parameters: ['sandbox:status=429,retry-after=1'],
    })
    assert.equal(busy.code, 1)
    assert.match(busy.stderr, /wait 1 seconds/)
  })

  test('health-check: sandbox, live, and the way around a relay that is down', async () => {
    const healthOf = async (ran: Promise<Ran>): Promise<{ code: number | null; told: Record<string, unknown> }> => {
      const { code, stdout } = await ran
      return { code, told: JSON.parse(stdout) as Record<string, unknown> }
    }
    const sandbox = await healthOf(runExample('health-check/check.mjs', stage.testKey))
    assert.equal(sandbox.code, 0)
    assert.equal(sandbox.told['reply'], 'ping')
    const live = await healthOf(runExample('health-check/check.mjs', stage.liveKey))
    assert.equal(live.told['place'], 'drover')
    const around = { DROVER_BASE_URL: 'http://127.0.0.1:9/v1', KIMI_PROVIDER_URL: stage.kimi.baseUrl }
    const direct = await healthOf(
      runExample('health-check/check.mjs', stage.testKey, {
        environment: { ...around, KIMI_PROVIDER_KEY: kimiSettings.key },
      }),
    )
    assert.deepEqual([direct.code, direct.told['place']], [0, 'provider'])
    const wrong = await healthOf(
      runExample('health-check/check.mjs', stage.testKey, {
        environment: { ...around, KIMI_PROVIDER_KEY: 'sk-other' },
      }),
    )
    assert.deepEqual([wrong.code, wrong.told['healthy']], [1, false])
  })

  test('key-from-env: form first, then the relay', async () => {
    const good = await runExample('key-from-env/main.py', stage.testKey)
    assert.equal(good.code, 0, good.stderr)
    assert.match(good.stdout, /may use \d+ models/)
    for (const [key, told] of [
      ['', /not set/],
      ['my-password', /does not look like a key/],
      ['sk-but-not-ours', /does not know this key/],
    ] as const) {
      const { code, stderr, stdout } = await runExample('key-from-env/main.py', key)
      assert.equal(code, 1)
      assert.match(stderr, told)
      assert.ok(key === '' || !`${stdout}${stderr}`.includes(`${key} `), 'the key is not printed')
    }
  })

  test('list-models: the first wish that is available', async () => {
    const picked = await runExample('list-models/pick.mjs', stage.testKey, { parameters: ['no-such-model', 'kimi-k2'] })
    assert.equal(picked.code, 0, picked.stderr)
    assert.equal((JSON.parse(picked.stdout) as Record<string, unknown>)['picked'], 'kimi-k2')
    const none = await runExample('list-models/pick.mjs', stage.testKey, { parameters: ['no-such-model'] })
    assert.equal(none.code, 1)
    assert.match(none.stderr, /kimi-k2/)
    const live = await runExample('list-models/pick.mjs', stage.liveKey, { parameters: ['kimi-k2'] })
    assert.equal(live.code, 0, live.stderr)
  })

  test('python-backoff: four questions, three a minute, all answered', async () => {
    const { key } = await stage.relay.createKey({ test: true, rpm: 3 })
    const { code, stdout, stderr } = await runExample('python-backoff/main.py', key)
    assert.equal(code, 0, stderr)
    for (const question of ['one', 'two', 'three', 'four'])
      assert.match(stdout, new RegExp(`^${question}: '${question}'`, 'm'))
    assert.match(stdout, /after [1-9]\d* refusals/)
    assert.match(stdout, /^4 answers in/m)
  })

  test('five-models: five answers with one key', async () => {
    const { code, stdout, stderr } = await runExample('five-models/main.py', stage.testKey)
    assert.equal(code, 0, stderr)
    for (const model of ['kimi-k2', 'gpt-4.1', 'claude-sonnet-4.5', 'gemini-2.5-flash', 'deepseek-v3.2']) {
      assert.match(stdout, new RegExp(`^${model}: Hello, ${model}! \\(\\d+ tokens\\)$`, 'm'))
    }
  })
})
