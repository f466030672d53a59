import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { authorizationOf, isSignedBy, openSealed, requestText, scriptParameters, signText } from './sign.ts'

/** A key for tests only, made for this file; it signs nothing anywhere. RSA by PKCS #1 v1.5 gives the same bytes each time. */
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
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const request = {
  method: 'GET',
  path: '/v3/certificates?a=1',
  timestamp: '1554208460',
  nonce: '593BEC0C930BF1AFEB40B4A08C8FB242',
  body: '',
}

test('what is signed are lines, and an empty body keeps its own', () => {
  assert.equal(requestText(request), 'GET\n/v3/certificates?a=1\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n')
  assert.match(requestText({ ...request, method: 'POST', body: '{"a":1}' }), /\n\{"a":1\}\n$/)
})

test('a fixed request has a fixed signature', () => {
  const signature = signText(requestText(request), key)
  assert.equal(digestOf(signature), '37587205f87f7315993d8e3b2a7df927d8fc4880423ee9ef81d2b2ff6194c2ae')
  assert.equal(
    authorizationOf(request, { id: '1900000109', serial: 'AB12', key }),
    `WECHATPAY2-SHA256-RSA2048 mchid="1900000109",nonce_str="${request.nonce}",timestamp="1554208460",serial_no="AB12",signature="${signature}"`,
  )
})

test("the script's parameters have a signature of their own", () => {
  const pay = { appId: 'wx1', prepayId: 'wx2014', timestamp: '1414561699', nonce: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS' }
  const parameters = scriptParameters(pay, key)
  assert.deepEqual(
    [parameters['package'], parameters['signType'], parameters['paySign']],
    ['prepay_id=wx2014', 'RSA', signText('wx1\n1414561699\n5K8264ILTKCH16CQ2502SI8ZNMTM67VS\nprepay_id=wx2014\n', key)],
  )
})

test('an answer is believed with its own bytes, time and nonce, and by its own key', () => {
  const bytes = Buffer.from('{"code_url":"weixin://x"}')
  const signature = signText(`1722850421\nd824f2e0\n${bytes.toString()}\n`, key)
  const answer = { timestamp: '1722850421', nonce: 'd824f2e0', signature, bytes }
  assert.equal(isSignedBy(answer, publicKey), true)
  for (const change of [
    { timestamp: '1722850422' },
    { nonce: 'd824f2e1' },
    { bytes: Buffer.from('{"code_url": "weixin://x"}') },
    { signature: '' },
    { signature: 'WECHATPAY/SIGNTEST/abc' },
    { signature: signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) },
  ])
    assert.equal(isSignedBy({ ...answer, ...change }, publicKey), false, JSON.stringify(Object.keys(change)))
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  assert.equal(isSignedBy(answer, other.publicKey), false)
})

/** AES-256-GCM of `{"out_trade_no":"ord_1"}`, made with another program (Python's cryptography). */
const sealed = {
  ciphertext: 'DUcclrHBE5NffFMk6pzEyhU1jw2PwM3dV/0ehZ3mA6Hq8zTIHaKfhA==',
  nonce: 'fdasflkja484',
  associatedData: 'transaction',
}

test('a notice that another program has encrypted opens with its key, nonce and data, and with no others', () => {
  const apiV3Key = '0123456789abcdef0123456789abcdef'
  assert.equal(openSealed(sealed, apiV3Key), '{"out_trade_no":"ord_1"}')
  assert.throws(() => openSealed(sealed, apiV3Key.replace('0', '1')))
  assert.throws(() => openSealed({ ...sealed, nonce: 'fdasflkja485' }, apiV3Key))
  assert.throws(() => openSealed({ ...sealed, associatedData: '' }, apiV3Key))
  assert.throws(() => openSealed({ ...sealed, ciphertext: 'AAAA' }, apiV3Key))
})
