import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sampleKey as key, samplePublicKey as publicKey } from '#payment/sample-key.ts'
import { beijingTime, fromBeijing } from './client.ts'
import { isNoticeSigned, isSignedBy, signedPart, signedRequest, signText, textOf } from './sign.ts'

test('names are sorted, values are as they are, what is empty is left out', () => {
  assert.equal(textOf({ b: '2&=', a: '1 +', c: '', sign: 'x' }, ['sign']), 'a=1 +&b=2&=')
})

test('a fixed request has a fixed signature, which covers sign_type', () => {
  const signed = signedRequest({ app_id: '2014072300007148', sign_type: 'RSA2', biz_content: '{"a":"中文"}' }, key)
  const digest = createHash('sha256')
    .update(signed['sign'] ?? '')
    .digest('hex')
  assert.equal(digest, '0b8b20e31d85a0038cc48134aca07420568013c7424cd8faf467033a4dd73df2')
  assert.equal(
    isSignedBy('app_id=2014072300007148&biz_content={"a":"中文"}&sign_type=RSA2', signed['sign'] ?? '', publicKey),
    true,
  )
})

test('a notice is signed without sign_type, and any changed field breaks it', () => {
  const fields = { out_trade_no: 'ord_1', total_amount: '1.00', sign_type: 'RSA2' }
  const sign = signText('out_trade_no=ord_1&total_amount=1.00', key)
  assert.equal(isNoticeSigned({ ...fields, sign }, publicKey), true)
  assert.equal(isNoticeSigned({ ...fields, total_amount: '0.01', sign }, publicKey), false)
  assert.equal(isNoticeSigned({ ...fields, seller_id: '2088', sign }, publicKey), false)
  assert.equal(isNoticeSigned({ ...fields, sign: '' }, publicKey), false)
})

test('the signed part of an answer is taken byte for byte, whatever stands in its texts', () => {
  const part = '{"code":"10000","msg":"} \\" {","inner":{"a":[1,{"b":2}]}}'
  assert.equal(signedPart(`{"alipay_trade_query_response":${part},"sign":"x"}`, 'alipay_trade_query_response'), part)
  assert.equal(signedPart('{"other":1}', 'alipay_trade_query_response'), null)
  assert.equal(signedPart('{"a_response":{"never":"ends"', 'a_response'), null)
})

test("Alipay's clock is Beijing's, whatever this machine's is", () => {
  const timeMs = Date.UTC(2026, 10, 28, 20, 0, 5)
  assert.equal(beijingTime(timeMs), '2026-11-29 04:00:05')
  assert.equal(fromBeijing('2026-11-29 04:00:05'), timeMs)
  assert.equal(fromBeijing('yesterday'), null)
})
