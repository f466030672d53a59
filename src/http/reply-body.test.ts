import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { ReplyBody } from './reply-body.ts'

const open = () => {
  const told: string[] = []
  const note = (what: string) => (): void => void told.push(what)
  const body = new ReplyBody({ pause: note('pause'), resume: note('resume'), abort: note('abort') })
  const reader = body[Symbol.asyncIterator]()
  const next = async (): Promise<string | undefined> => (await reader.next()).value?.toString()
  return { body, next, told }
}
const kibibyte = 'x'.repeat(1024)

test('what has come by the time that the reader looks is one piece, also where it waited', async () => {
  const { body, next } = open()
  const waited = next()
  for (const text of ['a', 'b', 'c']) body.push(Buffer.from(text))
  assert.equal(await waited, 'abc')
  body.push(Buffer.from('d'))
  body.push(Buffer.from('e'))
  body.finish()
  assert.equal(await next(), 'de')
  assert.equal(await next(), undefined)
  assert.equal(await next(), undefined)
})

test('pieces are joined up to 16 KiB; a larger one is given as it came', async () => {
  const { body, next, told } = open()
  const chunks = ['a', kibibyte.repeat(16), 'b', kibibyte.repeat(15), kibibyte]
  for (const chunk of chunks) body.push(Buffer.from(chunk))
  const lengths: number[] = []
  for (let count = 0; count < 4; count += 1) lengths.push((await next())?.length ?? 0)
  assert.deepEqual(lengths, [1, 16 * 1024, 15 * 1024 + 1, 1024])
  assert.deepEqual(told, ['pause', 'resume'])
})

test('what came before a failure is read before it; what is discarded is not', async () => {
  const { body, next } = open()
  const waited = next()
  body.push(Buffer.from('a'))
  body.fail(new Error('broken'))
  assert.equal(await waited, 'a')
  await assert.rejects(next(), /broken/)
  const dropped = open()
  dropped.body.push(Buffer.from('a'))
  dropped.body.discard(new Error('left'))
  await assert.rejects(dropped.next(), /left/)
  const waiting = open()
  const late = waiting.next()
  waiting.body.fail(new Error('broken'))
  await assert.rejects(late, /broken/)
})
