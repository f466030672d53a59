import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nanoOf } from './money.ts'
import { amount, durationMsOf, referenceOf, sizeBytesOf } from './settings.ts'

test('every unit of duration', () => {
  const table = { '250ms': 250, '1s': 1000, '2m': 120_000, '3h': 10_800_000, '30d': 2_592_000_000, '0s': 0 }
  for (const [text, durationMs] of Object.entries(table)) assert.equal(durationMsOf(text), durationMs)
  for (const text of ['', '5', '5 s', '1.5s', '-1s', '1S', '1w', '36501d', '9999999999999999s', 's'])
    assert.equal(durationMsOf(text), null, text)
})

test('every unit of size, in powers of 1024', () => {
  const table = {
    '7b': 7,
    '1kb': 1024,
    '32mb': 33_554_432,
    '2gb': 2_147_483_648,
    '1KB': 1024,
    '1MiB': 1_048_576,
    '1kib': 1024,
  }
  for (const [text, sizeBytes] of Object.entries(table)) assert.equal(sizeBytesOf(text), sizeBytes)
  for (const text of ['', '5', '1.5mb', '-1mb', '1tb', 'mb', '1 mb']) assert.equal(sizeBytesOf(text), null, text)
})

test('amounts are exact', () => {
  assert.equal(amount().parse('999999999.999999999'), 999_999_999_999_999_999n)
  assert.equal(amount().parse('0.000000001'), 1n)
  for (const bad of ['1000000000', '-1', '1e3', '1,5', '.5', '1.', '0.0000000001', '', 1, 1.5])
    assert.ok(!amount().safeParse(bad).success)
  const most = amount(nanoOf('5')).safeParse('5.1')
  assert.match(most.error?.message ?? '', /must be at most 5/)
  assert.equal(amount(nanoOf('5')).parse('5'), nanoOf('5'))
})

test('references are told from literals', () => {
  assert.deepEqual(referenceOf('env:NAME'), { scheme: 'env', target: 'NAME', text: 'env:NAME' })
  assert.deepEqual(referenceOf('vault:a/b#c'), { scheme: 'vault', target: 'a/b#c', text: 'vault:a/b#c' })
  assert.equal(referenceOf('sk-abc:def'), null)
  assert.equal(referenceOf('ENV:NAME'), null)
})
