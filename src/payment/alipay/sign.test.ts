import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { beijingTime, fromBeijing } from './client.ts'
import { isNoticeSigned, isSignedBy, signedPart, signedRequest, signText, textOf } from './sign.ts'

/** A key for tests only, made for this file; it signs nothing anywhere. */
const pem = `-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCovBjSVj/YX8oW
vKkCxGwGD8WTfr9Ah6nZvT17YicsbuAG1PjdTcrloXLmt0FMJufcv7AJGF7eQR5Q
E02I4eWrkJbP33GlC4nl7T11VR6YfjIH5I7LGL0xs9CE7PDmZ+ExTp2mh9iAnn7D
HmKUvICVyDpf+rmFyVi/mSJ71ubTpkuzIALS8jLcbkGbDpy3zMMXDs5SemrcYSRo
YafYYY3SbC5yiguCmqNWNSCLybHq3tBQOPfkvJUpMihrOI5Vs9Q1hdT5C2MM6I31
ZSWRXzKnyvfPWQvjAzV1YKONDqqLwsUGKozJMf6KsFDjwJZVZBi58XsZyv6iC2ka
p7utQ3LTAgMBAAECggEAED3i1G7xlaigHDuBYpR4+BsRNUGwXnbF4QFNPLuAR8+j
CCVR5djKHKZuF/Uwd4hl2HgpwAZfg1yYnV6Y9QHBiMJ8hyUxRuYVxP28D7eSIAhC
/+1+gorZaJewDPYoY2qWYOz5/ICmVLhs5+fcggf5sfE5upQOGD7+/ZpbmQ4LiU3C
nSYbMp65gWsUF2j1M7JbDWbDamMEYnnZyUpPfsu725X213aO3oO4usY0LubqyGbP
y2HYcqVX9P8G2zTm5P0Sq5vjNQEM0SQRD+o+4T2qV0NF1xJ5Mp08qxD1GtlhGQat
n0VYIiJxUf4/96JU+3Px53GZz8XmwvDwD4FKu7+b4QKBgQDob3qg56139onwZuWd
Z+gHQKH8crPEkwO9xWYArKdVJbve6DwFle13crlsw8uPbVh0zaPsXeAuG2+eYTHR
i8vfNOwm25Ot+LVsaGvk9bjo56pce49BjIHs/seK9BxZ7pF9Mn0wLCulo0fDV2Lk
WtKYq6KmJ4XuZjBOdDISrnBiEQKBgQC511wNOTpq1sWd+iduLjcqF9l6DNuSWs4j
dJhATnuT+CnceZ+JkS6u7q+zvIEQBsYFfz36ZSV6enbVibDx0b1VYdZevhrS+sKQ
YPiZDiy8uFaCC3I7byyefymO8LDKuFZANpM2BzrF9/gvYKJjRf+RsWWgzD5HNtl7
FJG7kQLiowKBgGRsPcQlNKpe5yvpmQ0P5oyznQjwGcE1b2lfTvm9nrJIEkp1dfFH
3Ig+FeTrFxjJum0Ep+0ohgIFsozwG1EYoCW4vMrxFXYVvXSwDOWoUJK3/L/mVneQ
mFXnohjj7Rfh3hQEa1gTzWvMBuZb7AsTPmfdx/EXpGLi3b4Xr8aofT+xAoGBALUP
cHzls9ehtlmK/l2no1FceSMjYc2+sLX0g92rWVU55DcNO/VAwNXocMDRuIDPyKBU
byME5rXkmODFTOLdMPT95GjcGLBTZbpa7/nWyJl5k7cRxdLIJxWo2OmN8QEhBc98
HIL4GjgEtwYZxTypVy0wQ86dD1Q8yTjUOoQe7Uu3AoGBAOEL1vJgja1T0xYPyA98
XIu30Xh7BO83fyxGZx1ON1SwNDKfbaJYa5AZ6ADqCbjh3w8f5njEvPK3Elx2a+5/
qRKHzJxSxsDcWhYu9QSREnjTYEn/aLSMOGtqyugPSwt2eVqLmMnEWxwuJ3cxDBdc
NsOTxdDjgoyUfZIONZlc+2w5
-----END PRIVATE KEY-----
`
const key = createPrivateKey(pem)
const publicKey = createPublicKey(key)

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
