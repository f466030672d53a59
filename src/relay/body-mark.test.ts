import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { scanTopLevel } from '#base/json.ts'
import { bearsMark, markPattern } from './body-mark.ts'

const pattern = markPattern(['"image_url"', '"prompt":{', '"web_search'])
const bearsText = (text: string): boolean => bearsMark(scanTopLevel(Buffer.from(text)).names(), pattern)
const bears = (value: unknown): boolean => bearsText(JSON.stringify(value))

test('a mark is found wherever it stands, and read as text, not as a pattern', () => {
  assert.equal(bears({ content: [{ type: 'image_url' }] }), true)
  assert.equal(bears({ prompt: { id: 'x' } }), true)
  assert.equal(bears({ prompt: 'text' }), false)
  assert.equal(bears({ tools: [{ type: 'web_search_20250305' }] }), true)
  assert.equal(bears({ content: 'the image_url of a page' }), false)
})

test('a name with a letter written by its number is taken for a mark; what serialisers escape is not', () => {
  assert.equal(bearsText(String.raw`{"type":"image\u005furl"}`), true)
  assert.equal(bearsText(String.raw`{"type":"\u0069mage_url"}`), true)
  assert.equal(bearsText(String.raw`{"content":"a \u003cb\u003e \u0026 \u00e9 \u2028 \u0007"}`), false)
})

test('a name is found behind long texts and within a string that begins with it, not deep in a prompt', () => {
  const prompt = 'words '.repeat(10_000)
  assert.equal(bears({ messages: [{ content: prompt }, { content: [{ type: 'image_url' }] }] }), true)
  assert.equal(bears({ messages: [{ content: prompt }], tools: [{ type: `web_search${prompt}` }] }), true)
  assert.equal(bears({ messages: [{ content: `${prompt} "web_search` }] }), false)
  const hidden = [...'image_url'].map((letter) => String.raw`\u00${letter.charCodeAt(0).toString(16)}`).join('')
  assert.equal(bearsText(`{"content":"${prompt}","type":"${hidden}"}`), true)
})
