import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import type { Config } from './config.ts'
import { readConfig } from './load.ts'

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

const good: Readonly<Record<string, string>> = {
  STRIPE_KEY: 'sk_test_123',
  STRIPE_HOOK: 'whsec_0123456789abcdef',
  WECHAT_KEY: keys.privateKey,
  WECHAT_V3: '0123456789abcdef0123456789abcdef',
  WECHAT_PUBLIC: keys.publicKey,
  ALIPAY_KEY: keys.privateKey,
  ALIPAY_PUBLIC: keys.publicKey,
}

const file = `payments:
  late: refund
  bonuses: [{ from: "100", percent: "5.25%", expires: 90d }]
  stripe: { secret_key: "env:STRIPE_KEY", webhook_secret: "env:STRIPE_HOOK", fee: { percent: "2.9%", fixed: "0.30" } }
  wechat:
    { merchant_id: "1900000109", app_id: wx1, certificate_serial: AB12, private_key: "env:WECHAT_KEY", api_v3_key: "env:WECHAT_V3",
      public_key_id: PUB_KEY_ID_1, public_key: "env:WECHAT_PUBLIC" }
  alipay: { app_id: "2021", seller_id: "2088", private_key: "env:ALIPAY_KEY", alipay_public_key: "env:ALIPAY_PUBLIC" }
  manual: { currencies: [USD, CNY], approve_above: "500" }
settlement: { CNY: [{ rate: "1.0", from: 2026-01-01 }] }
`

const loaded = async (environment: Readonly<Record<string, string>>): Promise<Config> => {
  const read = await readConfig({ text: file, file: 'drover.yaml' }, { workingFolder: '/', environment, vendors: [] })
  assert.ok(read.ok, read.ok ? '' : read.faults.map(({ message }) => message).join('; '))
  return read.config
}

test('every method starts with its secrets, and the numbers are whole', async () => {
  const { payments, warnings } = await loaded(good)
  assert.deepEqual([...payments.off], [])
  assert.deepEqual(
    warnings.filter(({ path }) => path.startsWith('payments')),
    [],
  )
  assert.deepEqual(payments.stripe?.fee, { basisPoints: 290n, fixedNano: nanoOf('0.30') })
  assert.deepEqual(payments.bonuses, [{ fromNanoUsd: nanoOf('100'), basisPoints: 525n, lastsMs: 90 * 86_400_000 }])
  assert.equal(payments.wechat?.publicKey?.id, 'PUB_KEY_ID_1')
  assert.equal(payments.manual?.approveAboveNanoUsd, nanoOf('500'))
  assert.deepEqual(payments.settlement, [{ currency: 'CNY', rateNano: nanoOf('1'), fromMs: Date.UTC(2026, 0, 1) }])
})

const broken: readonly (readonly [string, Readonly<Record<string, string>>, 'stripe' | 'wechat' | 'alipay', RegExp])[] =
  [
    ['an empty webhook secret', { STRIPE_HOOK: '' }, 'stripe', /webhook_secret .*empty/],
    ['a blank webhook secret', { STRIPE_HOOK: '   ' }, 'stripe', /webhook_secret .*empty/],
    ['a webhook secret that is none', { STRIPE_HOOK: 'secret' }, 'stripe', /whsec_/],
    ['no secret key', { STRIPE_KEY: '' }, 'stripe', /secret_key/],
    ['a short APIv3 key', { WECHAT_V3: 'short' }, 'wechat', /32 bytes/],
    ['a private key that is none', { WECHAT_KEY: 'no' }, 'wechat', /no private key/],
    ['an empty public key', { WECHAT_PUBLIC: '' }, 'wechat', /public_key .*empty/],
    ["Alipay's key missing", { ALIPAY_PUBLIC: '' }, 'alipay', /alipay_public_key .*empty/],
  ]

for (const [what, changes, method, why] of broken)
  test(`with ${what} the method does not start, the others do, and it is told`, async () => {
    const { payments, warnings } = await loaded({ ...good, ...changes })
    assert.equal(payments[method], null)
    assert.match(payments.off.get(method) ?? '', why)
    assert.ok(warnings.some(({ path, message }) => path === `payments.${method}` && message.startsWith('is off')))
    assert.equal(['stripe', 'wechat', 'alipay'].filter((one) => payments[one as 'stripe'] !== null).length, 2)
    assert.ok(!JSON.stringify(warnings).includes('PRIVATE'), 'a secret is shown')
  })
