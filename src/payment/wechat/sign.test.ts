import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { sampleKey as key, samplePublicKey as publicKey } from '#payment/sample-key.ts'
import { authorizationOf, isSignedBy, openSealed, requestText, scriptParameters, signText } from './sign.ts'

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
