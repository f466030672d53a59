import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { Secret } from '#base/log.ts'
import { sampleKey, samplePublicKey } from '#payment/sample-key.ts'
import { testCounter } from '#payment/test-cashier.ts'
import { alipayClient } from './client.ts'
import { signText } from './sign.ts'

const clientOf = (answer: string) => {
  const settings = {
    ...testCounter,
    appId: '1',
    sellerId: '2',
    privateKey: new Secret(String(sampleKey.export({ type: 'pkcs8', format: 'pem' }))),
    trust: { kind: 'key', publicKey: new Secret(String(samplePublicKey.export({ type: 'spki', format: 'pem' }))) },
    gateway: null,
  } as const
  async function* body() {
    yield Buffer.from(answer)
  }
  const transport = {
    send: async () => ({ status: 200, headers: {}, body: body(), abort: () => {} }),
    close: async () => {},
  }
  return alipayClient(settings, { clock: handClock(0), transport })
}

test('what an answer says is read from the bytes that are signed, also where another part bears the same name', async () => {
  const name = 'alipay_trade_query_response'
  const part = '{"code":"10000","trade_status":"WAIT_BUYER_PAY"}'
  const sign = signText(part, sampleKey)
  const { object } = await clientOf(`{"${name}":${part},"sign":"${sign}"}`).call('alipay.trade.query', {})
  assert.equal(object['trade_status'], 'WAIT_BUYER_PAY')
  const forged = `{"${name}":${part},"${name}":{"code":"10000","trade_status":"TRADE_SUCCESS"},"sign":"${sign}"}`
  const read = await clientOf(forged).call('alipay.trade.query', {})
  assert.equal(read.object['trade_status'], 'WAIT_BUYER_PAY')
})
