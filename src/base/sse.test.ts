import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from './problem.ts'
import type { SseEvent } from './sse.ts'
import { sseSplitter } from './sse.ts'

const split = (chunks: readonly (Buffer | string)[]): SseEvent[] => {
  const splitter = sseSplitter()
  const events = chunks.flatMap((chunk) => splitter.feed(Buffer.from(chunk as string)))
  return [...events, ...splitter.end()]
}

const shown = (events: readonly SseEvent[]) =>
  events.map(({ raw, event, data, id, comment, closed }) => ({
    raw: raw.toString('latin1'),
    event,
    data: data === null ? null : data.toString(),
    id,
    comment,
    closed,
  }))

const dataOf = (text: string) => split([text]).map(({ data }) => data?.toString() ?? null)

test('fields are read as the specification says', () => {
  const [event] = split(['event: delta\nid: 7\ndata: {"a":1}\ndata:two\ndata\nretry: 10\nother: x\n\n'])
  assert.equal(event?.event, 'delta')
  assert.equal(event?.id, '7')
  assert.equal(event?.data?.toString(), '{"a":1}\ntwo\n')
  assert.equal(event?.comment, false)
  assert.equal(event?.closed, true)
})

test('only one blank after the colon is no part of the value', () => {
  assert.deepEqual(dataOf('data:  x \n\n'), [' x '])
  assert.deepEqual(dataOf('data\n\n'), [''])
  assert.deepEqual(dataOf('datax: 1\n\n'), [null])
  assert.deepEqual(dataOf(' data: 1\n\n'), [null])
})

test('every line ending ends a line, mixed too', () => {
  for (const end of ['\n', '\r\n', '\r'])
    assert.deepEqual(dataOf(`data: a${end}data: b${end}${end}data: c${end}${end}`), ['a\nb', 'c'])
  assert.deepEqual(dataOf('data: a\r\n\ndata: b\n\r\ndata: c\r\r\n'), ['a', 'b', 'c'])
})

test('comments and blank lines are events of their own and say so', () => {
  const events = split([': OPENROUTER\n\n\ndata: x\n: inside\n\n'])
  assert.deepEqual(
    events.map(({ comment, data }) => [comment, data?.toString() ?? null]),
    [
      [true, null],
      [true, null],
      [false, 'x'],
    ],
  )
})

test('a byte order mark before the first event is skipped, and kept in the raw bytes', () => {
  const [first, second] = split(['\ufeffdata: x\n\n\ufeffdata: y\n\n'])
  assert.equal(first?.data?.toString(), 'x')
  assert.equal(first?.raw.length, 3 + 9)
  assert.equal(second?.data, null)
})

test('an event without its blank line is given at the end', () => {
  assert.deepEqual(shown(split(['data: a\n\ndata: [DONE]'])).at(-1), {
    raw: 'data: [DONE]',
    event: null,
    data: '[DONE]',
    id: null,
    comment: false,
    closed: false,
  })
  assert.equal(split(['data: a\n']).at(-1)?.data?.toString(), 'a')
  assert.equal(split(['data: a\n\n']).length, 1)
  assert.equal(split([]).length, 0)
})

test('an event that ends in CR is closed also when nothing follows', () => {
  const events = split(['data: a\r\r'])
  assert.equal(events.length, 1)
  assert.equal(events[0]?.closed, true)
})

test('a LF after the chunk that ended in CR belongs to the event before', () => {
  const splitter = sseSplitter()
  assert.equal(splitter.feed(Buffer.from('data: a\r\n\r')).length, 0)
  const [event, ...more] = splitter.feed(Buffer.from('\ndata: b'))
  assert.equal(event?.raw.toString(), 'data: a\r\n\r\n')
  assert.equal(more.length, 0)
})

test('an event within one chunk is not copied', () => {
  const chunk = Buffer.from('data: a\n\ndata: b\n\n')
  const [first, second] = sseSplitter().feed(chunk)
  assert.equal(first?.raw.buffer, chunk.buffer)
  assert.equal(second?.raw.byteOffset, chunk.byteOffset + 9)
})

const lines = fc.constantFrom('data: {"x":"é日"}', 'data:', 'data: [DONE]', ': ping', 'event: a', 'id: 1', 'junk', '')
const stream = fc
  .tuple(fc.boolean(), fc.array(fc.tuple(lines, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 12 }), lines)
  .map(([mark, content, last]) =>
    Buffer.from(`${mark ? '\ufeff' : ''}${content.map(([line, end]) => line + end).join('')}${last}`),
  )

test('the events are the same for every cut, and their raw bytes joined are the input', () => {
  fc.assert(
    fc.property(stream, (source) => {
      const whole = split([source])
      assert.deepEqual(Buffer.concat(whole.map(({ raw }) => raw)), source)
      const expected = shown(whole)
      for (let cut = 1; cut < source.length; cut += 1)
        assert.deepEqual(shown(split([source.subarray(0, cut), source.subarray(cut)])), expected)
      assert.deepEqual(shown(split([...source].map((byte) => Buffer.of(byte)))), expected)
    }),
    { numRuns: 150 },
  )
})

test('an oversized event is refused whatever the cut, after the events before it', () => {
  const source = Buffer.from(`data: a\n\ndata: ${'x'.repeat(100)}\n\n`)
  for (const size of [1, 7, source.length]) {
    const splitter = sseSplitter({ eventBytesMax: 64 })
    const seen: SseEvent[] = []
    assert.throws(
      () => {
        for (let at = 0; at < source.length; at += size) seen.push(...splitter.feed(source.subarray(at, at + size)))
        splitter.end()
      },
      (problem) => problem instanceof Problem && problem.code === 'upstream_error',
    )
    assert.deepEqual(
      seen.map(({ data }) => data?.toString()),
      ['a'],
    )
  }
})

test('an event of one megabyte in single bytes takes linear time', () => {
  const size = 1024 * 1024
  const splitter = sseSplitter()
  const byte = Buffer.from('x')
  splitter.feed(Buffer.from('data: '))
  for (let count = 0; count < size; count += 1) splitter.feed(byte)
  const [event] = splitter.feed(Buffer.from('\n\n'))
  assert.equal(event?.data?.length, size)
})
