import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { testShell } from './test-shell.ts'

const published = 'roi --tokens-per-month 10000000 --from-price 7.30 --to-price 1.00'

describe('drover roi', () => {
  test('prints the published sum right', async () => {
    const shell = testShell()
    try {
      const { code, out, talk } = await shell.run(`${published} --json`)
      assert.equal(code, 0)
      const { monthly_saving_usd, yearly_saving_usd, saving_percent } = JSON.parse(out)
      assert.deepEqual([monthly_saving_usd, yearly_saving_usd, saving_percent], ['63.00', '756.00', '86.30'])
      assert.match(talk, /Is "7\.30" a price or an exchange rate\?/)
      assert.match((await shell.run(published)).out, /63\.00 USD a month, 86\.30 %\n.*756\.00 USD a year/)
      assert.match((await shell.run(`${published} --format csv`)).out, /^BilledCost,/)
      assert.match(
        (await shell.run(`${published} --format html --output r.html`)).talk,
        /Saves 63\.00 USD a month: r\.html/,
      )
      assert.match(readFileSync(join(shell.folder, 'r.html'), 'utf8'), /^<!doctype html>/)
    } finally {
      shell.close()
    }
  })

  test('reads usage, and afterwards compares the forecast with the books', async () => {
    const shell = testShell()
    try {
      const row = {
        date: '2026-10-01',
        model: 'openai/gpt-4o',
        usage: 1,
        requests: 9,
        prompt_tokens: 800_000,
        completion_tokens: 200_000,
        reasoning_tokens: 0,
      }
      writeFileSync(join(shell.folder, 'usage.json'), JSON.stringify({ data: [row] }))
      const made = await shell.run(
        'roi --usage usage.json --from openai/gpt-4o --to moonshot/kimi-k2.6 --json --output f.json',
      )
      assert.equal(made.code, 0, made.talk)
      const { code, out } = await shell.run('roi --actual --forecast f.json --json')
      assert.equal(code, 0)
      const actual = JSON.parse(out)
      assert.equal(actual.saved_so_far_usd, '0.00')
      assert.match(actual.warnings.join(), /no calls since/)
      assert.match((await shell.run('roi --actual --forecast f.json')).out, /Saved so far +0\.00 USD/)
    } finally {
      shell.close()
    }
  })

  test('wrong usage asks what was meant', async () => {
    const shell = testShell()
    try {
      for (const [line, form] of [
        ['roi', /Give --usage FILE, --tokens-per-month/],
        ['roi --tokens-per-month 10M/day --from-price 7.3 --to-price 1', /--tokens-per-day/],
        ['roi --tokens-per-month 10M --from-price 7.3 --to-price 1 --format pdf', /It takes text, json, csv, html/],
        ['roi --actual', /--actual needs --forecast/],
        [`${published} --since 2026-01-01`, /belong to --actual/],
      ] as const) {
        const { code, talk } = await shell.run(line)
        assert.equal(code, 2, line)
        assert.match(talk, form)
      }
      const missing = await shell.run('roi --usage none.json --to moonshot/kimi-k2.6')
      assert.equal(missing.code, 1)
      assert.match(missing.talk, /none\.json cannot be read/)
    } finally {
      shell.close()
    }
  })
})
