import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sampleKey as key, samplePublicKey as publicKey } from '#payment/sample-key.ts'
import { beijingTime, fromBeijing } from './client.ts'
import { isNoticeSigned, isSignedBy, rootSerialOf, signedPart, signedRequest, signText, textOf } from './sign.ts'

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

/** One of the roots that Alipay gives out, and the serial number that every merchant's requests name it by. */
const root = `-----BEGIN CERTIFICATE-----
MIIDxTCCAq2gAwIBAgIUEMdk6dVgOEIS2cCP0Q43P90Ps5YwDQYJKoZIhvcNAQEF
BQAwajELMAkGA1UEBhMCQ04xEzARBgNVBAoMCmlUcnVzQ2hpbmExHDAaBgNVBAsM
E0NoaW5hIFRydXN0IE5ldHdvcmsxKDAmBgNVBAMMH2lUcnVzQ2hpbmEgQ2xhc3Mg
MiBSb290IENBIC0gRzMwHhcNMTMwNDE4MDkzNjU2WhcNMzMwNDE4MDkzNjU2WjBq
MQswCQYDVQQGEwJDTjETMBEGA1UECgwKaVRydXNDaGluYTEcMBoGA1UECwwTQ2hp
bmEgVHJ1c3QgTmV0d29yazEoMCYGA1UEAwwfaVRydXNDaGluYSBDbGFzcyAyIFJv
b3QgQ0EgLSBHMzCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAOPPShpV
nJbMqqCw6Bz1kehnoPst9pkr0V9idOwU2oyS47/HjJXk9Rd5a9xfwkPO88trUpz5
4GmmwspDXjVFu9L0eFaRuH3KMha1Ak01citbF7cQLJlS7XI+tpkTGHEY5pt3EsQg
wykfZl/A1jrnSkspMS997r2Gim54cwz+mTMgDRhZsKK/lbOeBPpWtcFizjXYCqhw
WktvQfZBYi6o4sHCshnOswi4yV1p+LuFcQ2ciYdWvULh1eZhLxHbGXyznYHi0dGN
z+I9H8aXxqAQfHVhbdHNzi77hCxFjOy+hHrGsyzjrd2swVQ2iUWP8BfEQqGLqM1g
KgWKYfcTGdbPB1MCAwEAAaNjMGEwHQYDVR0OBBYEFG/oAMxTVe7y0+408CTAK8hA
uTyRMB8GA1UdIwQYMBaAFG/oAMxTVe7y0+408CTAK8hAuTyRMA8GA1UdEwEB/wQF
MAMBAf8wDgYDVR0PAQH/BAQDAgEGMA0GCSqGSIb3DQEBBQUAA4IBAQBLnUTfW7hp
emMbuUGCk7RBswzOT83bDM6824EkUnf+X0iKS95SUNGeeSWK2o/3ALJo5hi7GZr3
U8eLaWAcYizfO99UXMRBPw5PRR+gXGEronGUugLpxsjuynoLQu8GQAeysSXKbN1I
UugDo9u8igJORYA+5ms0s5sCUySqbQ2R5z/GoceyI9LdxIVa1RjVX8pYOj8JFwtn
DJN3ftSFvNMYwRuILKuqUYSHc2GPYiHVflDh5nDymCMOQFcFG3WsEuB+EYQPFgIU
1DHmdZcz7Llx8UOZXX2JupWCYzK1XhJb+r4hK5ncf/w8qGtYlmyJpxk3hr1TfUJX
Yf4Zr0fJsGuv
-----END CERTIFICATE-----
`

test('a certificate is known by the serial number that Alipay reckons', () => {
  assert.equal(rootSerialOf(root), '02941eef3187dddf3d3b83462e1dfcf6')
  assert.equal(rootSerialOf(`${root}\n${root}`), '02941eef3187dddf3d3b83462e1dfcf6_02941eef3187dddf3d3b83462e1dfcf6')
})
