import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { jsonLines, lineBytesMax } from './json-lines.ts'

async function* cut(text: string, sizeBytes: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes)
}

const read = async (chunks: AsyncIterable<Buffer>): Promise<readonly (readonly [string, number])[]> => {
  const lines: [string, number][] = []
  for await (const { line, number } of jsonLines(chunks)) lines.push([line.toString(), number])
  return lines
}

test('lines come whole wherever the bytes are cut, with their numbers; blank ones are left out', async () => {
  const text = '{"a":"Grüße"}\n\n  \r\n{"b":"世界"}\r\n{"c":3}'
  for (const size of [1, 2, 3, 7, 1_000])
    assert.deepEqual(await read(cut(text, size)), [
      ['{"a":"Grüße"}', 1],
      ['{"b":"世界"}\r', 4],
      ['{"c":3}', 5],
    ])
  assert.deepEqual(await read(cut('', 1)), [])
})

test('a line that is too long is refused by its number before it is held whole', async () => {
  const long = `{"a":1}\n"${'x'.repeat(lineBytesMax)}`
  await assert.rejects(read(cut(`${long}${long}`, 65_536)), { code: 'body_too_large', message: /Line 2/ })
})
