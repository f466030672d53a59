import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import type { Transport } from '#http/transport.ts'
import type { Provider } from '#provider/vendor.ts'
import { makeVendor } from '#provider/vendor-defaults.ts'
import { sampleProvider } from './test-stage.ts'
import { scriptedUpstream } from './test-upstream.ts'
import { inProcessUpstream, upstreamSet } from './upstreams.ts'

const vendor = makeVendor({ name: 'v', title: 'V', baseUrl: null, keyEnv: [], protocols: [], keyPage: null })
const provider = (name: string, changes: Partial<Provider> = {}): Provider =>
  sampleProvider(name, { vendor: 'v', ...changes })

const open = (transportFor?: (provider: Provider) => Transport) => {
  const failures: unknown[] = []
  const inHouse = scriptedUpstream()
  const fixed = inProcessUpstream({ ...vendor, name: 'sandbox' }, inHouse.transport)
  const closed: string[] = []
  const made = (one: Provider): Transport => ({
    ...scriptedUpstream().transport,
    close: async () => {
      closed.push(one.name)
    },
  })
  const upstreams = upstreamSet({
    vendorOf: (name) => (name === 'v' ? vendor : undefined),
    transportFor: transportFor ?? made,
    fixed: [fixed],
    closeFailed: (name, error) => failures.push([name, error]),
  })
  return { upstreams, closed, failures, fixed, inHouse }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what has not changed keeps its way, with the new credential; what has changed gets a new one', async () => {
  const { upstreams, closed } = open()
  const before = upstreams.replace([provider('a'), provider('b'), provider('c')])
  const after = upstreams.replace([
    provider('a', { credentials: [new Secret('another')], price: 'free' }),
    provider('b', { baseUrl: 'https://elsewhere.example/v1' }),
    provider('d'),
  ])
  assert.equal(upstreams.current(), after)
  assert.deepEqual([...after.keys()], ['a', 'b', 'd', 'sandbox'])
  assert.equal(after.get('a')?.transport, before.get('a')?.transport)
  assert.equal(after.get('a')?.provider.credentials[0]?.reveal(), 'another')
  assert.notEqual(after.get('b')?.transport, before.get('b')?.transport)
  await settle()
  assert.deepEqual(closed.sort(), ['b', 'c'])
})

for (const change of [
  { allowPrivate: true },
  { proxy: new Secret('http://proxy.example:3128') },
  { certificateAuthorities: 'PEM' },
])
  test(`another ${Object.keys(change).join()} is another way`, async () => {
    const { upstreams, closed } = open()
    upstreams.replace([provider('a')])
    upstreams.replace([provider('a', change)])
    await settle()
    assert.deepEqual(closed, ['a'])
    upstreams.replace([provider('a', change)])
    await settle()
    assert.deepEqual(closed, ['a'])
  })

test('an account is asked for chats in the formats chosen for it, and for the rest as its vendor speaks', () => {
  const both = { ...vendor, protocols: ['openai-chat', 'openai-embeddings', 'openai-responses'] as const }
  const upstreams = upstreamSet({
    vendorOf: () => both,
    transportFor: () => scriptedUpstream().transport,
    fixed: [],
    closeFailed: () => assert.fail('nothing is closed'),
  })
  const current = upstreams.replace([
    provider('a'),
    provider('b', { protocols: ['openai-responses'] }),
    provider('c', { protocols: ['openai-responses', 'openai-chat'] }),
  ])
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => current.get(name)?.vendor.protocols),
    [
      both.protocols,
      ['openai-responses', 'openai-embeddings'],
      ['openai-responses', 'openai-chat', 'openai-embeddings'],
    ],
  )
})

test('the providers of the house are always there and never closed, whatever is configured', async () => {
  const { upstreams, fixed, inHouse } = open()
  assert.equal(upstreams.current().get('sandbox'), fixed)
  const current = upstreams.replace([provider('sandbox'), provider('x', { vendor: 'unheard-of' })])
  assert.equal(current.get('sandbox'), fixed)
  assert.equal(current.has('x'), false)
  upstreams.replace([])
  await upstreams.close()
  assert.equal(inHouse.closed(), false)
  assert.deepEqual([fixed.provider.name, fixed.provider.vendor, fixed.provider.price], ['sandbox', 'sandbox', 'free'])
})

test('the end closes every way; one that does not close is told, and holds nobody up', async () => {
  const fault = new Error('busy')
  const { upstreams, failures } = open(() => ({
    ...scriptedUpstream().transport,
    close: () => Promise.reject(fault),
  }))
  upstreams.replace([provider('a'), provider('b')])
  upstreams.replace([provider('b')])
  await settle()
  assert.deepEqual(failures, [['a', fault]])
  await upstreams.close()
  assert.deepEqual(failures, [
    ['a', fault],
    ['b', fault],
  ])
})
