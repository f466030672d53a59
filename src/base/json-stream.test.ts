import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { topLevelStream } from './json-stream.ts'

const read = (source: Buffer, size: number, members: readonly string[] = ['usage', 'id', 'é"']) => {
  const stream = topLevelStream({ members })
  for (let at = 0; at < source.length; at += size) stream.feed(source.subarray(at, at + size))
  return stream
}

test('named members are kept for every size of chunk', () => {
  const source = Buffer.from(
    ' {"id" : "a\\"}" ,"data":[{"usage":{"no":1}},"]}",["\\\\"]],\n"usage":{"total":[1,2]} , "n":3}\r\n ',
  )
  for (let size = 1; size <= source.length; size += 1) {
    const stream = read(source, size)
    assert.equal(stream.value('id'), 'a"}')
    assert.deepEqual(stream.value('usage'), { total: [1, 2] })
    assert.equal(stream.text('n'), null)
    assert.ok(stream.complete())
  }
})

test('the objects of a list are counted for every size of chunk, and nothing in them', () => {
  const source = Buffer.from('{"data":[{"a":[{"b":1}]}, {"c":"}{["},{}],"none":[],"one":{"data":[{}]},"n":[1,{}]}')
  for (let size = 1; size <= source.length; size += 1) {
    const stream = topLevelStream({ members: [], lists: ['data', 'none', 'one', 'missing'] })
    for (let at = 0; at < source.length; at += size) stream.feed(source.subarray(at, at + size))
    const counts = ['data', 'none', 'one', 'missing', 'n'].map((key) => stream.objects(key))
    assert.deepEqual(counts, [3, 0, null, null, null])
  }
  const cut = topLevelStream({ members: [], lists: ['data'] })
  cut.feed(Buffer.from('{"data":[{},{}'))
  assert.equal(cut.objects('data'), null)
})

test('any object reads the same as with JSON.parse', () => {
  const document = fc.dictionary(fc.constantFrom('usage', 'id', 'é"', 'x', '__proto__'), fc.jsonValue())
  fc.assert(
    fc.property(document, fc.integer({ min: 1, max: 40 }), fc.nat(2), (value, size, indent) => {
      const source = Buffer.from(JSON.stringify(value, null, indent))
      const parsed = JSON.parse(source.toString()) as Record<string, unknown>
      const stream = read(source, size)
      for (const key of ['usage', 'id', 'é"']) assert.deepEqual(stream.value(key), parsed[key])
      assert.ok(stream.complete())
      for (let cut = 1; cut < source.length; cut += 1) assert.ok(!read(source.subarray(0, cut), 4096).complete())
    }),
    { numRuns: 100 },
  )
})

test('the last of duplicate members counts', () => {
  assert.equal(read(Buffer.from('{"id":1,"id":2}'), 3).value('id'), 2)
})

test('a value over the bound is let go, and the document is still followed', () => {
  const stream = topLevelStream({ members: ['usage', 'id'], captureBytesMax: 16 })
  stream.feed(Buffer.from(`{"usage":"${'x'.repeat(1000)}","id":"0123456789abcd"}`))
  assert.equal(stream.text('usage'), null)
  assert.equal(stream.value('id'), '0123456789abcd')
  assert.ok(stream.complete())
})

test('what is no object, and what follows one, is broken', () => {
  for (const text of ['[1]', '<html>', '"x"', '{"a":1}x', '{1}', '{"a" 1}', '{"a":1]'])
    assert.ok(read(Buffer.from(text), 2).broken(), text)
  const open = read(Buffer.from('{"a":{"b":'), 2)
  assert.ok(!open.broken() && !open.complete())
})

test('a member whose text is not JSON has text and no value', () => {
  const stream = read(Buffer.from('{"usage":nope}'), 5)
  assert.equal(stream.text('usage')?.toString(), 'nope')
  assert.equal(stream.value('usage'), undefined)
})
