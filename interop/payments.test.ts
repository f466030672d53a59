import { strict as assert } from 'node:assert'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { AlipaySdk } from 'alipay-sdk'
import Stripe from 'stripe'
import { Formatter, Rsa } from 'wechatpay-axios-plugin'
import { isNoticeSigned, signedRequest } from '../src/payment/alipay/sign.ts'
import { checkSignature } from '../src/payment/stripe/client.ts'
import { isSignedBy, requestText, signText } from '../src/payment/wechat/sign.ts'
import { serveProcessor } from '../test/fake/processor.ts'
import { stripeFake } from '../test/fake/stripe.ts'

const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now(), after: () => () => {} }
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const [privateKey, publicKey] = [createPrivateKey(keys.privateKey), createPublicKey(keys.publicKey)]

test("Stripe's own SDK plays on our fake: Checkout, its question, a refund, and the same key again", async () => {
  const fake = stripeFake({ clock })
  const served = await serveProcessor(fake.handler)
  const { hostname, port } = new URL(served.url)
  const stripe = new Stripe(fake.secrets.key, {
    host: hostname,
    port: Number(port),
    protocol: 'http',
    maxNetworkRetries: 0,
  })
  const ends = Math.floor(clock.nowMs() / 1000) + 1900
  try {
    const create = (amount: number) =>
      stripe.checkout.sessions.create(
        {
          mode: 'payment',
          client_reference_id: 'ord_1',
          metadata: { order: 'ord_1' },
          line_items: [
            { quantity: 1, price_data: { currency: 'usd', unit_amount: amount, product_data: { name: 'x' } } },
          ],
          expires_at: ends,
          success_url: 'https://relay.example.com/',
        },
        { idempotencyKey: 'ord_1' },
      )
    const session = await create(2000)
    assert.equal((await create(2000)).id, session.id)
    await assert.rejects(create(2001), { type: 'StripeIdempotencyError' })
    fake.pay('ord_1')
    const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] })
    assert.deepEqual([paid.payment_status, paid.amount_total], ['paid', 2000])
    const intent = paid.payment_intent
    assert.ok(typeof intent === 'object' && intent !== null)
    assert.equal((await stripe.refunds.create({ payment_intent: intent.id, amount: 500 })).status, 'succeeded')
    await assert.rejects(stripe.refunds.create({ payment_intent: intent.id, amount: 1501 }), {
      type: 'StripeInvalidRequestError',
    })
    const wrong = new Stripe('sk_test_wrong', {
      host: hostname,
      port: Number(port),
      protocol: 'http',
      maxNetworkRetries: 0,
    })
    await assert.rejects(wrong.balance.retrieve(), { type: 'StripeAuthenticationError' })
  } finally {
    await served.close()
  }
})

test("events that Stripe's SDK signs are believed, and it believes those of our fake", () => {
  const secret = 'whsec_interop_0123456789'
  const payload = '{"id":"evt_1","object":"event"}'
  const stripe = new Stripe('sk_test_x')
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret })
  checkSignature(header, Buffer.from(payload), { secret, nowMs: clock.nowMs() })
  assert.throws(() => checkSignature(header, Buffer.from(`${payload} `), { secret, nowMs: clock.nowMs() }))
  const fake = stripeFake({ clock })
  const notice = fake.notice('ord_1')
  const event = stripe.webhooks.constructEvent(
    Buffer.from(notice.bytes),
    notice.headers['stripe-signature'] ?? '',
    fake.secrets.webhook,
  )
  assert.equal(event.type, 'checkout.session.completed')
})

test("Alipay's own SDK believes notices that we would, and signs what we believe", () => {
  const sdk = new AlipaySdk({
    appId: '2021000000000001',
    privateKey: keys.privateKey.replace(/-----[^-]+-----|\n/g, ''),
    alipayPublicKey: keys.publicKey.replace(/-----[^-]+-----|\n/g, ''),
    keyType: 'PKCS8',
  })
  const fields = {
    app_id: '2021000000000001',
    out_trade_no: 'ord_1',
    total_amount: '1.00',
    subject: '额度',
    sign_type: 'RSA2',
  }
  const { sign_type: _type, ...signed } = fields
  const notice = { ...fields, sign: signedRequest(signed, privateKey)['sign'] ?? '' }
  assert.equal(isNoticeSigned(notice, publicKey), true)
  assert.equal(sdk.checkNotifySign(notice), true)
  const page = new URL(
    sdk.pageExec('alipay.trade.page.pay', 'GET', {
      bizContent: { out_trade_no: 'ord_1', total_amount: '1.00', subject: '额度' },
    }),
  )
  const asked = Object.fromEntries(page.searchParams)
  assert.equal(
    signedRequest(Object.fromEntries(Object.entries(asked).filter(([name]) => name !== 'sign')), privateKey)['sign'],
    asked['sign'],
  )
})

test('a WeChat SDK signs as we do, and believes what we sign', () => {
  const request = {
    method: 'GET',
    path: '/v3/certificates',
    timestamp: '1554208460',
    nonce: '593BEC0C930BF1AFEB40B4A08C8FB242',
    body: '',
  }
  const text = Formatter.request(request.method, request.path, request.timestamp, request.nonce, request.body)
  assert.equal(text, requestText(request))
  assert.equal(Rsa.sign(text, privateKey), signText(text, privateKey))
  const bytes = Buffer.from('{"id":"EV-1"}')
  const signature = Rsa.sign(Formatter.response('1', 'n', bytes.toString()), privateKey)
  assert.equal(isSignedBy({ timestamp: '1', nonce: 'n', signature, bytes }, publicKey), true)
  assert.equal(Rsa.verify(requestText(request), signText(requestText(request), privateKey), publicKey), true)
})
