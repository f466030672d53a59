import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { addCost } from './cost.ts'

const added = (text: string, cost = 3500n): string => addCost(Buffer.from(text), cost).toString('utf8')

test('the cost joins the usage, every other byte stays', () => {
  assert.equal(
    added('{ "id":"x",\n "usage" : {"prompt_tokens":1 } , "z":1e2}'),
    '{ "id":"x",\n "usage" : {"prompt_tokens":1,"cost":0.0000035,"cost_nano_usd":"3500" } , "z":1e2}',
  )
  assert.equal(
    added('id: 1\r\ndata:{"choices":[],"usage":{}}\r\n\r\n', 1_000_000_000n),
    'id: 1\r\ndata:{"choices":[],"usage":{"cost":1,"cost_nano_usd":"1000000000"}}\r\n\r\n',
  )
})

test('a cost that the provider tells is replaced: the caller is told its own', () => {
  assert.equal(
    added('data: {"usage":{"cost":0.5,"prompt_tokens":1}}\n\n', 0n),
    'data: {"usage":{"cost":0,"prompt_tokens":1,"cost_nano_usd":"0"}}\n\n',
  )
})

test('usage that stands elsewhere is copied to the top', () => {
  assert.equal(
    added('data: {"choices":[{"usage":{"prompt_tokens":1}}]}\n\n'),
    'data: {"choices":[{"usage":{"prompt_tokens":1}}],"usage":{"prompt_tokens":1,"cost":0.0000035,"cost_nano_usd":"3500"}}\n\n',
  )
  assert.equal(
    added('data: {"usage":null,"x_groq":{"usage":{}}}\n\n'),
    'data: {"usage":{"cost":0.0000035,"cost_nano_usd":"3500"},"x_groq":{"usage":{}}}\n\n',
  )
})

test('data over several lines becomes one line', () => {
  assert.equal(
    added('event: x\ndata: {"usage":\ndata: {}}\n\n'),
    'event: x\ndata: {"usage":{"cost":0.0000035,"cost_nano_usd":"3500"}}\n\n',
  )
})

test('a frame without usage, or that cannot be read, comes back as it is', () => {
  for (const text of [
    'data: [DONE]\n\n',
    ': ping\n\n',
    '{"id":1}',
    '{"usage":',
    'data: {"usage":3}\n\n',
    '',
    'data: [1]\n\n',
  ])
    assert.equal(added(text), text)
})
