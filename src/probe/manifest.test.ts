import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { probes } from './group/index.ts'
import { callSitesOf, readManifest } from './manifest.ts'

const text = JSON.stringify({
  schema: 1,
  call_sites: [
    {
      name: 'a#ask',
      path: 'a.py',
      line: 3,
      endpoint: 'chat',
      model: 'gpt-4o',
      parameters: { temperature: 0.2, stream: true },
    },
    { name: 'b#tool', path: 'b.py', line: 9, endpoint: 'chat', model: null, parameters: { tools: null } },
    { name: 'c#embed', path: 'c.py', line: 5, endpoint: 'embeddings', model: 'e', parameters: {} },
    { name: 'd#files', path: 'd.py', line: 7, endpoint: 'files', model: null, parameters: {} },
  ],
})

const sitesOf = (id: string): readonly string[] => {
  const probe = probes.find((one) => one.id === id)
  assert.ok(probe)
  return callSitesOf(readManifest(text, 'm.json'), probe).map(({ path }) => path)
}

test('call sites depend on what they use', () => {
  assert.deepEqual(sitesOf('key-wrong'), ['a.py', 'b.py'])
  assert.deepEqual(sitesOf('stream-framing'), ['a.py'])
  assert.deepEqual(sitesOf('temperature'), ['a.py'])
  assert.deepEqual(sitesOf('tool-call'), ['b.py'])
  assert.deepEqual(sitesOf('files'), ['d.py'])
  assert.deepEqual(sitesOf('logprobs'), [])
})

test('without a manifest there are none', () => {
  assert.deepEqual(callSitesOf(null, probes[0] as (typeof probes)[0]), [])
})

test('what is no manifest is refused, with the way to one', () => {
  for (const bad of ['', '{}', '{"schema":9,"call_sites":[]}'])
    assert.throws(
      () => readManifest(bad, '/x/m.json'),
      (thrown) => thrown instanceof Problem && /m\.json is no manifest.*drover audit/.test(thrown.message),
    )
})
