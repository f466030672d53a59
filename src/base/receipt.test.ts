import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { makeDigest } from './digest.ts'
import type { Receipt, ReceiptKey } from './receipt.ts'
import { signReceipt, verifyReceipt } from './receipt.ts'

const receipt: Receipt = {
  version: 1,
  call: 'call_1',
  time: '2026-11-22T16:00:00.000Z',
  signed_at: '2026-11-22T16:00:05.000Z',
  account: 'acc_1',
  key: 'key_1',
  test: false,
  protocol: 'openai-chat',
  path: '/v1/chat/completions',
  stream: true,
  model: 'kimi-k2',
  provider: 'moonshot',
  upstream_model: 'kimi-k2.6',
  upstream_request_id: 'ü 1',
  status: 200,
  end: 'complete',
  finish_reason: 'stop',
  cache: null,
  usage: { input: 10, output: 5, cached_input: null, cache_write: null, reasoning: null, source: 'reported' },
  cost_nano_usd: '20000',
  books: { state: 'settled', held_nano_usd: '30000', charged_nano_usd: '20000', rule: null },
  price: null,
  request_bytes: 1,
  response_bytes: 2,
  upstream_sha256: 'a'.repeat(64),
  delivered_sha256: 'a'.repeat(64),
  identical: true,
  warnings: [],
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const published: ReceiptKey = {
  kty: 'OKP',
  crv: 'Ed25519',
  use: 'sig',
  alg: 'EdDSA',
  kid: 'rck_1',
  x: publicKey.export({ format: 'jwk' }).x ?? '',
  created: '2026-11-01T00:00:00.000Z',
  retired: null,
}
const signed = signReceipt(receipt, { id: 'rck_1', privateKey })

const whyNot = (value: unknown, keys: readonly ReceiptKey[] = [published]): string => {
  const verdict = verifyReceipt(value, keys)
  assert.ok(!verdict.ok)
  return verdict.why
}

test('a receipt is proven by the published key, also when its members come in another order and with blanks', () => {
  assert.deepEqual(verifyReceipt(signed, [published]), { ok: true, key: 'rck_1' })
  const turned = Object.fromEntries(Object.entries(receipt).toReversed())
  const again: unknown = JSON.parse(JSON.stringify({ signature: signed.signature, receipt: turned }, null, 4))
  assert.deepEqual(verifyReceipt(again, [published]), { ok: true, key: 'rck_1' })
})

test('whatever is changed in a receipt, taken out or added is seen', () => {
  const value: Record<string, unknown> = JSON.parse(JSON.stringify(receipt))
  for (const name of Object.keys(value).filter((one) => one !== 'version')) {
    const other = { ...value, [name]: value[name] === null ? 'x' : null }
    assert.match(whyNot({ ...signed, receipt: other }), /altered/, name)
    const { [name]: _gone, ...without } = value
    assert.match(whyNot({ ...signed, receipt: without }), /altered/, name)
  }
  assert.match(whyNot({ ...signed, receipt: { ...value, extra: 1 } }), /altered/)
  assert.match(whyNot({ ...signed, receipt: { ...value, cost_nano_usd: '19999' } }), /altered/)
})

test('what cannot be checked is said in words, whatever is given', () => {
  assert.match(whyNot(null), /no signed receipt/)
  assert.match(whyNot([]), /no signed receipt/)
  assert.match(whyNot({ receipt: {}, signature: {} }), /version is missing/)
  assert.match(whyNot({ ...signed, receipt: { ...receipt, version: 2 } }), /version is 2/)
  assert.match(whyNot({ ...signed, signature: { ...signed.signature, algorithm: 'none' } }), /"none", not by Ed25519/)
  assert.match(whyNot({ ...signed, signature: { ...signed.signature, value: 'AAAA' } }), /64 bytes/)
  assert.match(whyNot({ ...signed, signature: { ...signed.signature, value: 7 } }), /64 bytes/)
  assert.match(whyNot(signed, []), /"rck_1", which is not among the keys/)
  assert.match(whyNot(signed, [{ ...published, x: 'AA' }]), /no Ed25519 key/)
  const { publicKey: other } = generateKeyPairSync('ed25519')
  assert.match(whyNot(signed, [{ ...published, x: other.export({ format: 'jwk' }).x ?? '' }]), /another key signed it/)
})

test('a key proves nothing that was signed before it was made or after it was retired', () => {
  assert.match(
    whyNot(signed, [{ ...published, retired: '2026-11-22T15:59:59.999Z' }]),
    /after its key rck_1 was retired/,
  )
  assert.match(whyNot(signed, [{ ...published, created: '2026-11-22T16:00:05.001Z' }]), /before its key rck_1 was made/)
  assert.equal(verifyReceipt(signed, [{ ...published, retired: '2026-11-22T16:00:00.000Z' }]).ok, true)
})

test('a digest is that of all pieces, in whatever sizes they come, and may be read on the way', () => {
  for (const sizes of [[], [0], [1, 2, 3], [16_383, 1, 1], [16_384], [40_000, 5, 20_000, 1]]) {
    const digest = makeDigest()
    const whole = createHash('sha256')
    for (const [place, size] of sizes.entries()) {
      const piece = new Uint8Array(size).fill(place + 1)
      digest.add(piece)
      whole.update(piece)
      assert.equal(digest.hex(), whole.copy().digest('hex'), `${sizes.join(' ')} at ${place}`)
    }
    assert.equal(digest.hex(), whole.digest('hex'))
  }
})
