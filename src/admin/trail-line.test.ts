import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrailLink } from '#base/trail-chain.ts'
import { trailFault, trailHash } from '#base/trail-chain.ts'
import { lineFault, linkIn, trailLine } from './trail-line.ts'

const link = (changes: Partial<TrailLink['row']> = {}): TrailLink => {
  const row = {
    id: 'trl_1',
    timeMs: Date.UTC(2026, 10, 29, 12),
    actor: 'key:key_1',
    operation: 'keys.create',
    object: 'key_2',
    before: null,
    after: '{"name":"a=b|c\\\\d ü]","note":"two\\nlines"}',
    requestId: 'call_1',
    ...changes,
  }
  const whole = { row, position: 7, previousHash: 'f'.repeat(64) }
  return { ...whole, hash: trailHash(whole) }
}

test('a line of JSON and of syslog gives the row back as it was, so that its hash can be made anew', () => {
  for (const format of ['jsonl', 'syslog'] as const)
    for (const one of [link(), link({ requestId: null, after: null, actor: 'a]"\\b"] {"' })]) {
      const line = trailLine(one, format, '1.2.3')
      assert.ok(!line.includes('\n'))
      const read = linkIn(line)
      assert.deepEqual(read, one)
      assert.ok(read !== null)
      assert.equal(lineFault(line, read), null)
      assert.match(lineFault(line.replace('2026-', '2025-'), read) ?? '', /was altered/)
      assert.equal(trailFault(read, { position: 6, hash: 'f'.repeat(64) }), null)
      assert.match(
        trailFault({ ...read, row: { ...read.row, actor: 'local' } }, { position: 6, hash: 'f'.repeat(64) }) ?? '',
        /not what was written/,
      )
      assert.match(trailFault(read, { position: 5, hash: 'f'.repeat(64) }) ?? '', /missing/)
      assert.match(trailFault(read, { position: 6, hash: 'e'.repeat(64) }) ?? '', /does not continue/)
    }
})

test('CEF: seven fields in the head, what would end a field or the line is escaped', () => {
  const line = trailLine(link({ operation: 'a|b', object: 'x=y' }), 'cef', '1.2.3')
  assert.ok(!line.includes('\n'))
  assert.match(
    line,
    /^CEF:0\|Drover\|Drover\|1\.2\.3\|a\\\|b\|a\\\|b\|3\|rt=\d+ suser=key:key_1 externalId=trl_1 cn1Label=position cn1=7 cs1Label=object cs1=x\\=y /,
  )
  assert.match(line, / cs6Label=after cs6=\{"name":"a\\=b\|c\\\\\\\\d ü\]","note":"two\\\\nlines"\}$/)
  assert.ok(!line.includes('cs5'), 'what there is not has no field')
  assert.match(trailLine(link(), 'cef', '1'), /\|6\|/)
})

test('syslog: a head of RFC 5424, and structured data in which quotes and brackets are escaped', () => {
  const line = trailLine(link({ object: 'a"]\\' }), 'syslog', '1.2.3')
  assert.match(
    line,
    /^<109>1 2026-11-29T12:00:00\.000Z - drover - keys\.create \[trail@32473 position="7" id="trl_1" actor="key:key_1" object="a\\"\\\]\\\\" hash="[0-9a-f]{64}" previousHash="f{64}"\] \{/,
  )
})

test('what is no row is told apart, whatever it is', () => {
  for (const line of ['', '{}', 'CEF:0|x', '<109>1 x', '[1]', '{"position":"1"}', 'null'])
    assert.equal(linkIn(line), null, line)
})
