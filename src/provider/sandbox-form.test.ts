import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { measureForm } from './sandbox-form.ts'

const contentType = 'multipart/form-data; boundary="edge"'
const sound = 'four\r\n--edg is not the edge'
const whole = [
  '--edge',
  'content-disposition: form-data; name="model"',
  '',
  'whisper-1',
  '--edge',
  'content-disposition: form-data; name="file"; filename="a.wav"',
  'content-type: audio/wav',
  '',
  sound,
  '--edge--',
  '',
].join('\r\n')

async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('fields are kept and files measured, however the bytes are cut', async () => {
  for (const size of [1, 2, 7, 64, 4_096]) {
    const form = await measureForm(pieces(whole, size), contentType)
    const [model, file] = form.parts
    assert.deepEqual(model, { kind: 'field', name: 'model', value: 'whisper-1', contentType: null })
    assert.ok(file?.kind === 'file')
    assert.equal(file.sizeBytes, sound.length)
    assert.equal(file.filename, 'a.wav')
    assert.equal(file.contentType, 'audio/wav')
    assert.equal(form.sizeBytes, whole.length)
    await form.dispose()
  }
})

test('what is no form is refused', async () => {
  const refused = async (text: string, type = contentType): Promise<void> => {
    await assert.rejects(measureForm(pieces(text, 9), type), (thrown) => {
      assert.ok(thrown instanceof Problem && thrown.code === 'invalid_request_error')
      assert.equal(thrown.detail.facts?.['sandbox'], true)
      return true
    })
  }
  await refused('')
  await refused('hello')
  await refused(whole, 'multipart/form-data')
  await refused('--edge\r\ncontent-type: text/plain\r\n\r\nx\r\n--edge--\r\n')
  await refused(`--edge\r\nx: ${'y'.repeat(20_000)}\r\n\r\n--edge--\r\n`)
  await refused(`--edge\r\ncontent-disposition: form-data; name="a"\r\n\r\n${'y'.repeat(1_100_000)}\r\n--edge--\r\n`)
})
