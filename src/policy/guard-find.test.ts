import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FindKind } from './guard-find.ts'
import { findAll, plainText, seenText } from './guard-find.ts'

/** What is between the angle brackets is to be found, and nothing else. */
const cases: Readonly<Record<FindKind, readonly string[]>> = {
  mail: ['write to <ada.l+x@mail.example.org>, or <b@c.io>.', 'user@host is none, nor a@b.c1'],
  phone: [
    'call <+49 170 1234567> or <(415) 555-2671> or <13812345678>.',
    '1234567 in 2026-11-28 at 10.0.0.12, order 4155552671',
  ],
  card: [
    '<4111 1111 1111 1111> 123, <5500000000000004>;',
    '1234 <4111 1111 1111 1111> 12/28',
    '4111 1111 1111 1112 fails, 1234567812345670 begins wrong',
  ],
  iban: [
    'to <DE89 3704 0044 0532 0130 00> IS mine, <DE89 3704 0044 0532 0130 00> <DE89 3704 0044 0532 0130 00>, <GB82WEST12345698765432>',
    'DE88 3704 0044 0532 0130 00',
    '<GB82 WEST 1234 5698 7654 32>, not GB82 WEST 1234 5698 7654 321',
  ],
  us_ssn: ['<123-45-6789>', '000-12-3456 666-12-3456 123-00-1234 123-45-67890'],
  cn_id: ['<11010519491231002X>', '110105194912310021'],
  secret: [
    'key <sk-proj-abcdefghijklmnopqrstuvwxyz> and <AKIAIOSFODNN7EXAMPLE>',
    '<-----BEGIN PRIVATE KEY-----\nMIIB\nAAA=\n-----END PRIVATE KEY-----> done',
    'sk-short risk-averse-people-of-the-north',
  ],
}

for (const [kind, texts] of Object.entries(cases) as [FindKind, readonly string[]][])
  test(`${kind}: what is one is found, and what only looks like one is not`, () => {
    for (const marked of texts) {
      const text = marked.replace(/[<>]/g, '')
      const found = findAll(kind, text).toSorted((a, b) => a.start - b.start)
      const expected = [...marked.matchAll(/<([^>]*)>/g)].map(([, inner]) => inner)
      assert.deepEqual(
        found.map(({ start, end }) => text.slice(start, end)),
        expected,
        text,
      )
    }
  })

test('what no reader sees is left out, and every place can be found again', () => {
  const text = '\u200bad\u200ba@\u{e0041}example.o\u00adrg\ufeff, so'
  const seen = seenText(text)
  assert.equal(seen.text, 'ada@example.org, so')
  const [found] = findAll('mail', seen.text)
  assert.deepEqual([found?.start, found?.end], [0, 15])
  assert.equal(text.slice(seen.at(0), seen.behind(15)), 'ad\u200ba@\u{e0041}example.o\u00adrg')
  assert.equal(seen.at(seen.text.length), text.length)
  const plain = seenText('as it is 😀')
  assert.deepEqual([plain.text, plain.at(3), plain.behind(3)], ['as it is 😀', 3, 3])
})

test('blanks that break no line, dashes, and full width hide nothing, and every place stays where it is', () => {
  const text =
    'Karte 4111\u00a01111\u00a01111\u00a01111，手机：１３８１２３４５６７８，ada＠example.org, 123\u20114５\u20136789'
  const plain = plainText(text)
  assert.equal(plain.length, text.length)
  const found = (['card', 'phone', 'mail', 'us_ssn'] as const).map((kind) =>
    findAll(kind, plain).map(({ start, end }) => text.slice(start, end)),
  )
  assert.deepEqual(found, [
    ['4111\u00a01111\u00a01111\u00a01111'],
    ['１３８１２３４５６７８'],
    ['ada＠example.org'],
    ['123\u20114５\u20136789'],
  ])
})
