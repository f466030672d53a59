import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import { assertProblem, call } from './call.ts'
import { adminKey, configFor, eventually } from './harness.ts'

const config = (
  shown: string,
): string => `  kimi: { vendor: moonshot, base_url: "http://127.0.0.1:9/v1", allow_private: true, api_key: "env:FAKE_KEY" }
fx: { CNY: [{ rate: "7.10", from: 2026-01-01 }] }
${shown}
models:
  kimi-k2: { targets: [{ provider: fake, model: any, cost: { input: "0.11", output: "0.22" } }], price: { input: "0.50", cached_input: "0.05", output: "2.00" } }
  house-model: { targets: [{ provider: fake, model: other }], price: { input: "9.00", output: "9.00" } }
  kimi-k3: { targets: [{ provider: kimi, model: kimi-k3 }], price: { input: "2.40", cached_input: "0.24", output: "12.00" } }
  unpriced: { targets: [{ provider: fake, model: third }] }
`

describe('prices for everybody', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: config('') })
  })
  after(() => bench.close())
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) => call(bench.relay.url, { path, headers })

  test('are hidden until the operator shows them, with a hint how', async () => {
    for (const path of ['/pricing', '/api/v1/public/prices']) {
      const answer = await get(path)
      assertProblem(answer, 404, 'not_found')
      assert.match(answer.text, /public: \{ pricing: true \}/)
    }
  })

  test('are shown without a key as JSON and as a page, in the language that is asked for; costs and customers stay inside', async () => {
    const shown = 'public: { pricing: true, models: ["kimi-k2", kimi-k3, "house-*", "unpriced"] }'
    await bench.relay.edit(configFor(bench.upstream, config(shown)))
    const answer = await eventually('the page', async () => {
      const found = await get('/api/v1/public/prices')
      return found.status === 200 ? found : undefined
    })
    const rows = answer.at('data') as readonly Readonly<Record<string, unknown>>[]
    assert.deepEqual(
      // The catalog's own model of that name, by its alias, beside what is declared here.
      rows.map(({ model }) => model).filter((model) => model !== 'kimi-k2.6'),
      ['house-model', 'kimi-k2', 'kimi-k3'],
    )
    assert.deepEqual(rows[1]?.['ours_usd'], { input: '0.50', cached_input: '0.05', output: '2.00' })
    assert.equal(answer.headers['cache-control'], 'public, max-age=60')
    assert.doesNotMatch(answer.text, /0\.11|0\.22|127\.0\.0\.1/)
    const page = await get('/pricing')
    assert.equal(page.status, 200)
    assert.match(page.text, /<html lang="en">.*kimi-k2.*<span>0\.50<\/span><span>0\.05<\/span><span>2\.00<\/span>/s)
    assert.match(page.headers['content-security-policy'] ?? '', /default-src 'none'/)
    assert.doesNotMatch(page.text, /<script|0\.11|0\.22/)
    const chinese = await get('/pricing', { 'accept-language': 'en;q=0.5, zh-CN' })
    assert.match(chinese.text, /<html lang="zh-CN">.*价格/s)
    assert.equal(chinese.headers['content-language'], 'zh-CN')
  })

  test("stand beside the vendor's own list: dollars and yuan, the saving, where it was read and when", async () => {
    const rows = (await get('/api/v1/public/prices')).at('data') as readonly Readonly<Record<string, unknown>>[]
    assert.deepEqual(
      rows.find(({ model }) => model === 'kimi-k3'),
      {
        model: 'kimi-k3',
        vendor: 'moonshot',
        family: 'kimi-k3',
        official_usd: { input: '3.00', cached_input: '0.30', output: '15.00' },
        official_cny: { input: '20.00', cached_input: '2.00', output: '100.00' },
        ours_usd: { input: '2.40', cached_input: '0.24', output: '12.00' },
        ours_cny: { input: '17.04', cached_input: '1.704', output: '85.20' },
        saving_percent: { input: '20.00', cached_input: '20.00', output: '20.00' },
        source: 'https://github.com/pydantic/genai-prices',
        read: '2026-08-21',
      },
    )
    const { text } = await get('/pricing')
    const [line = ''] = text.split('\n').filter((one) => one.includes('kimi-k3'))
    for (const cell of [
      '3.00 / 0.30 / 15.00',
      '20.00 / 2.00 / 100.00',
      '17.04 / 1.704 / 85.20',
      '20.00 / 20.00 / 20.00',
    ])
      assert.ok(line.includes(`><span>${cell.replaceAll(' / ', '</span><span>')}</span></td>`), `${cell} in ${line}`)
    assert.match(line, /<a href="https:\/\/github.com\/pydantic\/genai-prices"[^>]*>list<\/a> 2026-08-21/)
    assert.match(text, /Yuan for a dollar: 7\.10/)
  })

  test('follow a price that is set, at once', async () => {
    const body = { model: 'unpriced', input: '8', output: '9' }
    const set = await call(bench.relay.url, { path: '/api/v1/prices', key: adminKey, body })
    assert.ok(set.status < 300, set.text)
    const answer = await get('/api/v1/public/prices')
    const rows = answer.at('data') as readonly {
      readonly model: string
      readonly ours_usd: { readonly input: string }
    }[]
    assert.equal(rows.find(({ model }) => model === 'unpriced')?.ours_usd.input, '8.00')
  })
})
