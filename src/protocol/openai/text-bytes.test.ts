import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { textBytes } from './text-bytes.ts'

const base64 = 'QUJD'.repeat(500)
const sizeOf = (value: object, indent?: number): readonly [whole: number, text: number] => {
  const source = Buffer.from(JSON.stringify(value, null, indent))
  return [source.length, textBytes(source)]
}

const media: readonly object[] = [
  { type: 'image_url', image_url: { url: `data:image/png;base64,${base64}`, detail: 'high' } },
  { type: 'image_url', image_url: `data:image/png;base64,${base64}` },
  { type: 'input_audio', input_audio: { data: base64, format: 'wav' } },
  { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${base64}` } },
]

test('media are left out of the text, however they are spaced', () => {
  for (const piece of media) {
    for (const indent of [0, 2]) {
      const [whole, text] = sizeOf(
        { messages: [{ role: 'user', content: [{ type: 'text', text: 'What?' }, piece] }] },
        indent,
      )
      assert.ok(text <= whole - base64.length, JSON.stringify(piece).slice(0, 60))
      assert.ok(text > whole - base64.length - 40)
    }
  }
})

test('several media are each left out once', () => {
  const [whole, text] = sizeOf({ content: [...media, ...media] })
  assert.ok(text <= whole - 8 * base64.length && text > 0)
})

test('text is text, whatever it looks like', () => {
  const texts: readonly object[] = [
    { text: `data:image/png;base64,${base64}` },
    { content: base64 },
    { url: `https://x.example/${'a b'.repeat(200)}` },
    { data: 'words with blanks '.repeat(100) },
    { data: 'QUJD' },
    { arguments: `{"data":"${base64}"}` },
    { data: ['"data"', base64] },
  ]
  for (const value of texts) {
    const [whole, text] = sizeOf(value)
    assert.equal(text, whole, JSON.stringify(value).slice(0, 60))
  }
})
