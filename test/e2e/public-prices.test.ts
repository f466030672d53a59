import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import { assertProblem, call } from './call.ts'
import { adminKey, configFor, eventually } from './harness.ts'

const config = (shown: string): string => `${shown}
models:
  kimi-k2: { targets: [{ provider: fake, model: any, cost: { input: "0.11", output: "0.22" } }], price: { input: "0.50", cached_input: "0.05", output: "2.00" } }
  house-model: { targets: [{ provider: fake, model: other }], price: { input: "9.00", output: "9.00" } }
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
    const shown = 'public: { pricing: true, models: ["kimi-*", "house-*", "unpriced"] }'
    await bench.relay.edit(configFor(bench.upstream, config(shown)))
    const answer = await eventually('the page', async () => {
      const found = await get('/api/v1/public/prices')
      return found.status === 200 ? found : undefined
    })
    const rows = answer.at('data') as readonly Readonly<Record<string, unknown>>[]
    assert.deepEqual(
      rows.map(({ model }) => model),
      ['house-model', 'kimi-k2'],
    )
    assert.deepEqual(rows[1]?.['ours_usd'], { input: '0.50', cached_input: '0.05', output: '2.00' })
    assert.equal(answer.headers['cache-control'], 'public, max-age=60')
    assert.doesNotMatch(answer.text, /0\.11|0\.22|127\.0\.0\.1/)
    const page = await get('/pricing')
    assert.equal(page.status, 200)
    assert.match(page.text, /<html lang="en">.*kimi-k2.*0\.50 \/ 0\.05 \/ 2\.00/s)
    assert.match(page.headers['content-security-policy'] ?? '', /default-src 'none'/)
    assert.doesNotMatch(page.text, /<script|0\.11|0\.22/)
    const chinese = await get('/pricing', { 'accept-language': 'en;q=0.5, zh-CN' })
    assert.match(chinese.text, /<html lang="zh-CN">.*价格/s)
    assert.equal(chinese.headers['content-language'], 'zh-CN')
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
