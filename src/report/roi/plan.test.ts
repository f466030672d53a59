import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { loadCatalog } from '#catalog/load.ts'
import { readUsageExport } from '#report/usage-export/read.ts'
import { actualReport, baselineOf } from './actual.ts'
import type { RoiFlags } from './flags.ts'
import { focusCsv } from './focus.ts'
import { forecastPage } from './page.ts'
import { planForecast } from './plan.ts'
import { forecastReport } from './report.ts'
import { forecastText } from './text.ts'

const catalog = await loadCatalog(new URL('../../../catalog/', import.meta.url))
const nowMs = Date.UTC(2026, 10, 28, 12)

const planned = (flags: RoiFlags, exported: readonly string[] = []) =>
  planForecast({ flags, catalog, usage: exported.map((text) => readUsageExport(text, 'usage.json')), nowMs })

const reportOf = (flags: RoiFlags, exported: readonly string[] = []) => {
  const forecast = planned(flags, exported)
  assert.ok(forecast.ok, forecast.ok ? '' : `${forecast.what} ${forecast.next}`)
  return forecastReport(forecast.value)
}

const refusalOf = (flags: RoiFlags, exported: readonly string[] = []): string => {
  const forecast = planned(flags, exported)
  assert.equal(forecast.ok, false)
  return forecast.ok ? '' : `${forecast.what} ${forecast.next}`
}

const plain: RoiFlags = { tokensPerMonth: '10000000', fromPrice: '7.30', toPrice: '1.00' }

describe('the published sum', () => {
  test('10 million tokens a month at 7.30 against 1.00 save 63 a month and 756 a year, not 63,000', () => {
    const report = reportOf(plain)
    assert.equal(report.monthly_saving_usd, '63.00')
    assert.equal(report.yearly_saving_usd, '756.00')
    assert.equal(report.saving_percent, '86.30')
    assert.equal(report.from.implied_usd_per_million_tokens, '7.30')
    assert.equal(report.to.implied_usd_per_million_tokens, '1.00')
    assert.match(report.questions.join(), /a price or an exchange rate\?/)
  })

  test('10 million a day at 8 against 0.42 save 2,305.58 a month of 365/12 days', () => {
    const report = reportOf({ tokensPerDay: '10M', fromPrice: '$8/M', toPrice: '$0.42/M' })
    assert.equal(report.monthly_saving_usd, '2305.58')
    assert.deepEqual(report.questions, [])
  })
})

describe('everything that is added', () => {
  test('by hand: retries, fees, the relay and hosting', () => {
    const report = reportOf({
      ...plain,
      tokensPerMonth: '100M',
      toRetries: '5%',
      toFee: '5.5%',
      fromFee: '2%',
      relayFee: '2%',
      hostingUsd: '40',
    })
    // 730 x 1.02 = 744.60; 100 x 1.05 x 1.055 x 1.02 + 40 = 152.9905
    assert.equal(report.from.monthly_usd, '744.60')
    assert.equal(report.to.monthly_usd, '152.99')
    assert.equal(report.monthly_saving_usd, '591.61')
  })

  test('by hand: cached input, tokenizer, length of answers', () => {
    const report = reportOf({
      tokensPerMonth: '100M',
      outputShare: '20%',
      cachedShare: '50%',
      toCachedShare: '25%',
      fromPrice: '2.50',
      fromCachedPrice: '1.25',
      fromOutputPrice: '10',
      toPrice: '0.60',
      toCachedPrice: '0.10',
      toOutputPrice: '2.50',
      tokenizerRatio: '1.10',
      outputRatio: '1.20',
      growth: '1.00',
    })
    // now: 40 x 2.50 + 40 x 1.25 + 20 x 10 = 350
    assert.equal(report.from.monthly_usd, '350.00')
    // then: 88 in, of them 22 cached; 26.4 out: 66 x 0.60 + 22 x 0.10 + 26.4 x 2.50 = 107.80
    assert.equal(report.to.monthly_usd, '107.80')
    assert.equal(report.monthly_saving_usd, '242.20')
  })

  test('what is paid once is paid back by the saving, on a day', () => {
    const report = reportOf({
      ...plain,
      hours: '16',
      hourlyUsd: '90',
      oneOffUsd: '60',
      hostingUsd: '3',
      start: '2027-01-01',
    })
    // 1,500 once; 60 a month are 720 a year: 1,500 x 365 / 720 = 760.4 days
    assert.equal(report.one_off_usd, '1500.00')
    assert.equal(report.payback_days, 761)
    assert.equal(report.break_even_date, '2029-01-31')
    // 6.30 for each million must pay 3 + 1,500 / 12 = 128 a month
    assert.equal(report.break_even_tokens_per_month, '20317461')
    assert.equal(report.first_year_net_usd, '-780.00')
  })

  test('a loss has no payback', () => {
    const report = reportOf({ ...plain, fromPrice: '1.00', toPrice: '7.30', oneOffUsd: '10' })
    assert.equal(report.monthly_saving_usd, '-63.00')
    assert.equal(report.payback_days, null)
    assert.equal(report.break_even_tokens_per_month, null)
    assert.match(report.warnings.join(), /saves nothing/)
  })

  test('what is committed is used up before the switch', () => {
    const report = reportOf({
      ...plain,
      tokensPerMonth: '1B',
      committedUsd: '36000',
      committedUntil: '2027-11-28',
      start: '2026-11-28',
    })
    // 7,300 a month are 240 a day: 150 days use 36,000 up
    assert.equal(report.committed?.best_switch_date, '2027-04-27')
    const late = reportOf({ ...plain, committedUsd: '36000', committedUntil: '2027-05-28', start: '2026-11-28' })
    assert.equal(late.committed?.best_switch_date, '2027-05-28')
    assert.match(late.committed?.why ?? '', /outlasts/)
  })
})

describe('properties', () => {
  const tokens = fc.integer({ min: 1_000, max: 1_000_000_000 })
  const cents = fc.integer({ min: 1, max: 100_000 }).map((value) => `$${(value / 100).toFixed(2)}/M`)
  const saved = (flags: RoiFlags) => Number(reportOf(flags).monthly_saving_usd)

  test('the saving is the difference, and turns its sign with the sides', () => {
    fc.assert(
      fc.property(tokens, cents, cents, (count, fromPrice, toPrice) => {
        const flags = { tokensPerMonth: String(count), fromPrice, toPrice }
        const report = reportOf(flags)
        const back = reportOf({ ...flags, fromPrice: toPrice, toPrice: fromPrice })
        // Halves are rounded up, so that the last digit may differ.
        assert.ok(Math.abs(Number(report.monthly_saving_usd) + Number(back.monthly_saving_usd)) < 0.011)
      }),
      { numRuns: 25 },
    )
  })

  test('a price per token, per thousand and per million are one price', () => {
    fc.assert(
      fc.property(tokens, fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 900 }), (count, from, to) => {
        const at = (per: string, places: number) => {
          const text = (value: number) => `0.${String(value).padStart(places, '0')}/${per}`
          return reportOf({ tokensPerMonth: String(count), fromPrice: text(from), toPrice: text(to) })
            .monthly_saving_usd
        }
        assert.equal(at('M', 3), at('1K', 6))
        assert.equal(at('M', 3), at('token', 9))
      }),
      { numRuns: 25 },
    )
  })

  test('ten times the tokens save ten times as much; a year is twelve months', () => {
    const one = reportOf({ ...plain, tokensPerMonth: '123456789' })
    const ten = reportOf({ ...plain, tokensPerMonth: '1234567890' })
    assert.equal(one.monthly_saving_usd, '777.78')
    assert.equal(ten.monthly_saving_usd, '7777.78')
    assert.equal(ten.yearly_saving_usd, '93333.33')
  })

  test('the range holds the middle, is the same again, and is wider when less is known', () => {
    const model = { tokensPerMonth: '50M', from: 'openai/gpt-4o', to: 'moonshot/kimi-k2.6' }
    const report = reportOf(model)
    const [low, middle, high] = [
      Number(report.range.p10_monthly_saving_usd),
      Number(report.range.p50_monthly_saving_usd),
      Number(report.range.p90_monthly_saving_usd),
    ]
    assert.ok(low < middle && middle < high)
    assert.deepEqual(reportOf(model).range, report.range)
    assert.notDeepEqual(reportOf({ ...model, seed: '7' }).range, report.range)
    const known = reportOf({
      ...model,
      growth: '1',
      tokenizerRatio: '1.05',
      outputRatio: '1',
      toRetries: '1%',
      toCachedShare: '0%',
    })
    assert.equal(known.range.p10_monthly_saving_usd, known.range.p90_monthly_saving_usd)
    assert.equal(known.range.p10_monthly_saving_usd, known.monthly_saving_usd)
    assert.deepEqual(known.sensitivity, [])
  })

  test('of one uncertain factor, P10 and P90 are those that were said', () => {
    const report = reportOf({ ...plain, growth: '0.8..1..1.2' })
    assert.ok(Math.abs(Number(report.range.p10_monthly_saving_usd) - 50.4) < 0.7)
    assert.ok(Math.abs(Number(report.range.p90_monthly_saving_usd) - 75.6) < 0.7)
  })

  test('more answers, more tokens and more retries never save more', () => {
    const base = { tokensPerMonth: '10M', from: 'openai/gpt-4o', to: 'moonshot/kimi-k2.6' }
    assert.ok(saved({ ...base, outputRatio: '1.5' }) < saved({ ...base, outputRatio: '1.0' }))
    assert.ok(saved({ ...base, tokenizerRatio: '1.5' }) < saved({ ...base, tokenizerRatio: '1.0' }))
    assert.ok(saved({ ...base, toRetries: '9%' }) < saved({ ...base, toRetries: '1%' }))
  })
})

const openaiPage = JSON.stringify({
  object: 'page',
  has_more: false,
  data: [
    {
      object: 'bucket',
      start_time: Date.UTC(2026, 9, 1) / 1000,
      end_time: Date.UTC(2026, 9, 2) / 1000,
      results: [
        {
          object: 'organization.usage.completions.result',
          model: 'gpt-4o',
          input_tokens: 1_000_000,
          input_cached_tokens: 400_000,
          output_tokens: 200_000,
          num_model_requests: 1000,
        },
        {
          object: 'organization.usage.completions.result',
          model: 'gpt-4o-mini',
          input_tokens: 5_000_000,
          input_cached_tokens: 0,
          output_tokens: 1_000_000,
          num_model_requests: 9000,
        },
      ],
    },
  ],
})

describe('usage exports', () => {
  test('OpenAI: cached tokens are inside the input, and days become a month', () => {
    const report = reportOf({ from: 'openai/gpt-4o', to: 'moonshot/kimi-k2.6', toRetries: '0%' }, [openaiPage])
    // a day: 0.6M x 2.50 + 0.4M x 1.25 + 0.2M x 10 = 4.00; x 365/12
    assert.equal(report.from.monthly_usd, '121.67')
    assert.match(report.warnings.join(), /Left out: 182500000 tokens a month of gpt-4o-mini, which is of another model/)
    assert.deepEqual(report.period, { from: '2026-10-01', until: '2026-10-01', days: 1 })
  })

  test('days without use count, at the edges of the export too', () => {
    const day = (at: number, results: readonly object[]) => ({
      start_time: Date.UTC(2026, 9, at) / 1000,
      end_time: Date.UTC(2026, 9, at + 1) / 1000,
      results,
    })
    const [used] = JSON.parse(openaiPage).data
    const pages = [day(1, []), day(2, []), day(3, used.results), day(4, [])]
    const text = JSON.stringify({ object: 'page', data: pages })
    const report = reportOf({ from: 'openai/gpt-4o', to: 'moonshot/kimi-k2.6', toRetries: '0%' }, [text])
    // 4.00 in four days; x 365/12
    assert.equal(report.from.monthly_usd, '30.42')
    assert.deepEqual(report.period, { from: '2026-10-01', until: '2026-10-04', days: 4 })
    const known = reportOf({ from: 'openai/gpt-4o', toPrice: '1', days: '1' }, [text])
    assert.equal(known.from.monthly_usd, '121.67')
  })

  test('without --from each model is priced by itself', () => {
    const report = reportOf({ to: 'moonshot/kimi-k2.6' }, [openaiPage])
    assert.deepEqual(report.lines.map((line) => line.from).toSorted(), ['openai/gpt-4o', 'openai/gpt-4o-mini'])
  })

  test('Anthropic: cached tokens are beside the input; the same work costs the same', () => {
    const text = JSON.stringify({
      has_more: false,
      data: [
        {
          starting_at: '2026-10-01T00:00:00Z',
          ending_at: '2026-10-02T00:00:00Z',
          results: [
            {
              model: 'claude-sonnet-4-5',
              uncached_input_tokens: 600_000,
              cache_read_input_tokens: 400_000,
              cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
              output_tokens: 200_000,
            },
          ],
        },
      ],
    })
    const report = reportOf({ from: 'anthropic/claude-sonnet-4-5', toPrice: '1.00' }, [text])
    // a day: 0.6M x 3 + 0.4M x 0.30 + 0.2M x 15 = 4.92; x 365/12
    assert.equal(report.from.monthly_usd, '149.65')
    assert.equal(report.tokens_per_month, '36500000')
    assert.match(report.warnings.join(), /do not say their calls/)
  })

  test('what has no price is taken at what was billed for it', () => {
    const rows = JSON.stringify({
      data: [
        {
          date: '2026-10-01',
          model: 'acme/unheard-of',
          usage: 12,
          requests: 10,
          prompt_tokens: 3_000_000,
          completion_tokens: 1_000_000,
          reasoning_tokens: 0,
        },
      ],
    })
    const report = reportOf({ toPrice: '1.00' }, [rows])
    assert.equal(report.from.monthly_usd, '365.00')
    assert.match(report.assumptions.join(), /what was billed for it/)
  })

  test('what does not fit is refused', () => {
    assert.match(refusalOf({ to: 'moonshot/kimi-k2.6' }), /Give --usage FILE/)
    assert.match(refusalOf({ ...plain, tokensPerDay: '1M' }), /Which one is it\?/)
    assert.match(refusalOf(plain, [openaiPage]), /Both a usage export and a number/)
    assert.match(
      refusalOf({ from: 'openai/gpt-4.1', to: 'moonshot/kimi-k2.6' }, [openaiPage]),
      /It has gpt-4o, gpt-4o-mini/,
    )
    assert.match(refusalOf({ ...plain, hours: '5' }), /--hours needs --hourly-usd/)
    assert.match(refusalOf({ ...plain, committedUsd: '5' }), /until which day\?/)
    assert.match(
      refusalOf({ tokensPerMonth: '1M', from: 'openai/gpt-99', to: 'moonshot/kimi-k2.6' }),
      /knows no model 'openai\/gpt-99'/,
    )
    assert.match(
      refusalOf({ tokensPerMonth: '1M', fromPrice: '1', toOutputPrice: '2' }),
      /--to-output-price needs the price of input/,
    )
    assert.match(refusalOf({ tokensPerMonth: '1M', fromPrice: '1' }), /what the new side costs/)
  })
})

describe('what is written', () => {
  const report = reportOf({
    tokensPerMonth: '50M',
    from: 'openai/gpt-4o',
    to: 'moonshot/kimi-k2.6',
    hours: '10',
    hourlyUsd: '80',
    hostingUsd: '20',
  })

  test('text has a unit on every line with a figure', () => {
    const lines = forecastText(report)
      .split('\n')
      .filter((line) => /^ {2}\S/.test(line) && /\d/.test(line))
    for (const line of lines)
      assert.match(line, /USD|tokens|days|seeded|hosting|share|ratio|says it better|\d{4}-\d\d-\d\d/, line)
  })

  test('CSV has FOCUS columns, both sides, and sums to the totals', () => {
    const [head = '', ...rows] = focusCsv(report).trimEnd().split('\r\n')
    const columns = head.split(',')
    for (const column of [
      'BilledCost',
      'BillingCurrency',
      'ChargePeriodStart',
      'ConsumedQuantity',
      'ConsumedUnit',
      'ProviderName',
      'SkuId',
    ])
      assert.ok(columns.includes(column), column)
    const at = (row: string, column: string) => row.split(',')[columns.indexOf(column)] ?? ''
    const total = (scenario: string) =>
      rows
        .filter((row) => at(row, 'x_Scenario') === scenario && at(row, 'ChargeFrequency') !== 'One-Time')
        .reduce((sum, row) => sum + Number(at(row, 'BilledCost')), 0)
    assert.equal(total('baseline').toFixed(2), report.from.monthly_usd)
    assert.equal(total('candidate').toFixed(2), report.to.monthly_usd)
  })

  test('HTML needs nothing else and escapes names', () => {
    const page = forecastPage({ ...report, from: { ...report.from, name: '<script>alert(1)</script>' } })
    assert.doesNotMatch(page, /<script|<link|src=|https?:\/\/(?![^<]*<\/li>)/)
    assert.match(page, /<svg/)
  })
})

describe('actual against forecast', () => {
  test('the same work at the old price, less what it cost', () => {
    const forecast = baselineOf(
      JSON.parse(JSON.stringify(reportOf({ ...plain, tokensPerMonth: '300M', start: '2026-11-01' }))),
      'f.json',
    )
    assert.ok(forecast.ok)
    const row = (day: number, costNanoUsd: string | null) => ({
      id: 'c',
      time: `2026-11-${String(day).padStart(2, '0')}T10:00:00Z`,
      test: false,
      provider: 'moonshot',
      model: 'kimi-k2',
      end: 'complete',
      error: null,
      attempts: [{ cost_nano_usd: costNanoUsd }],
      cost_nano_usd: '0',
      usage: { input: 8_000_000, output: 2_000_000, cached_input: 0 },
    })
    const rows = (records: readonly object[]) => readUsageExport(JSON.stringify({ data: records }), 'records').rows
    const books = { sinceMs: Date.UTC(2026, 10, 1), nowMs: Date.UTC(2026, 10, 11) }
    const actual = actualReport(forecast.value, {
      ...books,
      rows: rows([row(2, '10000000000'), row(3, '12000000000')]),
    })
    // 20M x 7.30 = 146.00 against 22.00
    assert.equal(actual.baseline_cost_usd, '146.00')
    assert.equal(actual.actual_cost_usd, '22.00')
    assert.equal(actual.saved_so_far_usd, '124.00')
    // 1,890 a month, ten days of 365/12
    assert.equal(actual.forecast_so_far_usd, '621.37')
    assert.equal(actual.tokens_against_forecast_percent, '-79.72')
    const unknown = actualReport(forecast.value, { ...books, rows: rows([row(2, null), row(20, '1')]) })
    assert.equal(unknown.unpriced_calls, 1)
    assert.equal(unknown.calls, '1')
    assert.match(unknown.warnings.join(), /the saving is too high/)
  })

  test('a file that is no forecast is refused', () => {
    for (const document of [{}, { schema: 2 }, { schema: 1, lines: [{}] }, []])
      assert.equal(baselineOf(document, 'x.json').ok, false)
  })
})
