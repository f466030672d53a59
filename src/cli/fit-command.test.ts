import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { testShell } from './test-shell.ts'

const code =
  'from openai import OpenAI\nclient = OpenAI()\n\ndef ask(q):\n    return client.chat.completions.create(model="gpt-4o", messages=q)\n'

/** Spend logs of a gateway: enough calls in a day for everything to be judged. */
const logs = (count: number) =>
  Array.from({ length: count }, (_none, index) => ({
    request_id: `r${index}`,
    spend: 0.001,
    prompt_tokens: 800,
    completion_tokens: 200,
    startTime: '2026-10-01T10:00:00Z',
    endTime: '2026-10-01T10:00:01.200Z',
    completionStartTime: '2026-10-01T10:00:00.300Z',
    model: 'gpt-4o',
    custom_llm_provider: 'openai',
    status: 'success',
  }))

const prepared = async (count: number, target = 'kimi-k2') => {
  const shell = testShell()
  mkdirSync(join(shell.folder, 'app'))
  writeFileSync(join(shell.folder, 'app', 'main.py'), code)
  writeFileSync(join(shell.folder, 'spend.json'), JSON.stringify(logs(count)))
  const audited = await shell.run(`audit app --target ${target} --usage spend.json --manifest migration-manifest.json`)
  assert.equal(audited.code, 0, audited.talk)
  assert.match(audited.out, /main#ask: \d+ tokens a day, \d+ calls a day, 0\.00 % errors, p50 1200 ms, p99 1200 ms/)
  const forecast = await shell.run(
    'roi --usage migration-manifest.json --to moonshot/kimi-k2.6 --hours 8 --hourly-usd 50 --json --output roi.json',
  )
  assert.equal(forecast.code, 0, forecast.talk)
  return shell
}

type Answer = {
  readonly decision: string
  readonly checks: readonly { readonly id: string; readonly verdict: string; readonly why: string }[]
}

const verdicts = ({ checks }: Answer) => Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]))

describe('drover fit', () => {
  test('what is known, allowed and paid for is a yes', async () => {
    const shell = await prepared(5_000)
    try {
      const flags = '--roi roi.json --latency-budget-ms 3000 --bound-until none --needs SOC-2 --holds soc2'
      const answer: Answer = JSON.parse((await shell.run(`fit ${flags} --json`)).out)
      assert.deepEqual(verdicts(answer), {
        volume: 'pass',
        saving: 'pass',
        breaks: 'pass',
        latency: 'pass',
        errors: 'pass',
        canary: 'pass',
        coverage: 'pass',
        contract: 'pass',
        certificates: 'pass',
      })
      assert.equal(answer.decision, 'yes')
      assert.match((await shell.run(`fit ${flags}`)).out, /^Should openai move to moonshot\/kimi-k2\.6\? Yes\./)
      assert.match((await shell.run(`fit ${flags} --format markdown`)).out, /Approved by/)
      assert.match((await shell.run(`fit ${flags} --format html`)).out, /^<!doctype html>[\s\S]*approved by/)
    } finally {
      shell.close()
    }
  })

  test('a contract, a certificate, a budget and a small volume speak against it', async () => {
    const shell = await prepared(20)
    try {
      const said = async (flags: string): Promise<Answer> => JSON.parse((await shell.run(`fit --json ${flags}`)).out)
      const small = await said('--roi roi.json')
      assert.equal(verdicts(small)['volume'], 'mind')
      assert.equal(verdicts(small)['saving'], 'mind')
      assert.equal(verdicts(small)['canary'], 'mind')
      assert.equal((await said('--bound-until 2099-01-01')).decision, 'not yet')
      const uncertified = await said('--needs soc2,hipaa --holds soc2')
      assert.equal(uncertified.decision, 'no')
      assert.match(
        uncertified.checks.find(({ id }) => id === 'certificates')?.why ?? '',
        /Missing: hipaa\. Software holds none/,
      )
      assert.equal(verdicts(await said('--latency-budget-ms 1210'))['latency'], 'fail')
      assert.equal(verdicts(await said('--ttft-budget-ms 200'))['latency'], 'mind')
    } finally {
      shell.close()
    }
  })

  test('what is not known is asked, never assumed', async () => {
    const shell = testShell()
    try {
      writeFileSync(join(shell.folder, 'a.py'), code)
      await shell.run('audit . --manifest migration-manifest.json')
      const answer: Answer = JSON.parse((await shell.run('fit --json')).out)
      assert.equal(answer.decision, 'not yet')
      assert.ok(answer.checks.every(({ verdict }) => verdict === 'unknown'))
      const missing = await shell.run('fit nothing.json')
      assert.deepEqual([missing.code, /cannot be read/.test(missing.talk)], [1, true])
      assert.equal((await shell.run('fit a.py')).code, 2)
      assert.equal((await shell.run('fit --bound-until soon')).code, 2)
      assert.equal((await shell.run('fit --latency-budget-ms fast')).code, 2)
    } finally {
      shell.close()
    }
  })
})
