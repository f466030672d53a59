/** What every vendor's declaration keeps, whoever it is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import type { UpstreamProtocolName } from '#protocol/protocol.ts'
import type { Provider, Vendor } from './vendor.ts'

const credential = 'a-credential-of-nobody'

/** Paths, each as its protocol gives it. */
const paths: Readonly<Record<UpstreamProtocolName, string>> = {
  'openai-chat': 'chat/completions',
  'openai-responses': 'responses',
  'anthropic-messages': 'messages',
  gemini: 'models/m:generateContent',
  'openai-completions': 'completions',
  'openai-embeddings': 'embeddings',
  'openai-moderations': 'moderations',
  'openai-images': 'images/generations',
  'openai-speech': 'audio/speech',
  'openai-transcriptions': 'audio/transcriptions',
  'openai-rerank': 'rerank',
  'ollama-chat': 'chat',
  'bedrock-converse': 'converse',
  'cohere-chat': 'chat',
  'gemini-embeddings': 'models/m:embedContent',
  'cohere-embed': 'embed',
  'ollama-embed': 'embed',
  'bedrock-embed': 'invoke',
  'vertex-predict': 'models/m:predict',
}

/** A provider of this vendor, at the vendor's own address or at the given one. */
export const providerOf = (vendor: Vendor, rest: Partial<Provider> = {}): Provider => ({
  name: 'one',
  vendor: vendor.name,
  baseUrl: vendor.baseUrl ?? 'https://resource.example.com/openai/v1',
  credentials: [new Secret(credential)],
  region: null,
  headers: {},
  allowPrivate: false,
  proxy: null,
  certificateAuthorities: null,
  price: null,
  options: {},
  ...rest,
})

const isLoopback = (address: string): boolean =>
  /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(new URL(address).hostname)

/** Registers the tests of one vendor. */
export const vendorContract = (vendor: Vendor): void => {
  const addresses = [...(vendor.baseUrl === null ? [] : [vendor.baseUrl]), ...Object.values(vendor.regions)]

  test(`${vendor.name}: its addresses are https, without a slash at the end, or loopback and said to be`, () => {
    for (const address of addresses) {
      const url = new URL(address)
      assert.equal(url.protocol, vendor.local ? 'http:' : 'https:', address)
      assert.equal(isLoopback(address), vendor.local, address)
      assert.ok(!address.endsWith('/') && url.search === '' && url.username === '', address)
    }
    if (addresses.length > 1) assert.ok(Object.values(vendor.regions).includes(vendor.baseUrl ?? ''))
    assert.match(vendor.name, /^[a-z][a-z0-9-]*$/)
    assert.ok(vendor.title.length > 0)
  })

  test(`${vendor.name}: the credential goes into one header and nowhere else`, () => {
    const headers = Object.entries(vendor.authorise(new Secret(credential)))
    assert.equal(headers.filter(([, value]) => value.includes(credential)).length, 1)
    for (const [name] of headers) assert.equal(name, name.toLowerCase())
    const shown = JSON.stringify({
      ...vendor,
      endpoint: vendor.endpoint({ path: 'x', model: 'm', provider: providerOf(vendor), protocol: 'openai-chat' }),
    })
    assert.ok(!shown.includes(credential))
  })

  test(`${vendor.name}: every protocol it declares has a path below its address, or beside it on the same host`, () => {
    const provider = providerOf(vendor)
    assert.ok(vendor.protocols.length > 0)
    assert.equal(new Set(vendor.protocols).size, vendor.protocols.length)
    for (const protocol of vendor.protocols) {
      const path = paths[protocol]
      const endpoint = vendor.endpoint({ path, model: 'model/of one', provider, protocol })
      // Clouds that have Claude in its own format have it under names of their own.
      const isElsewhere = protocol === 'anthropic-messages' && /(?::rawPredict|\/invoke)$/.test(endpoint.path)
      assert.ok(isElsewhere || endpoint.path.endsWith(path), endpoint.path)
      assert.ok(!endpoint.path.startsWith('/') && !endpoint.path.includes('..'), endpoint.path)
      const baseUrl = endpoint.baseUrl ?? provider.baseUrl
      const url = new URL(`${baseUrl}/${endpoint.path}`)
      assert.ok(url.href.startsWith(new URL(baseUrl).href.replace(/\/$/, '')), url.href)
      assert.equal(url.origin, new URL(provider.baseUrl).origin)
    }
  })

  test(`${vendor.name}: a person can get a key, or needs none`, () => {
    if (vendor.keyPage !== null) assert.equal(new URL(vendor.keyPage).protocol, 'https:')
    assert.ok(vendor.keyless || (vendor.keyEnv.length > 0 && vendor.keyPage !== null))
    for (const name of vendor.keyEnv) assert.match(name, /^[A-Z][A-Z0-9_]*$/)
    assert.equal(new Set(vendor.keyEnv).size, vendor.keyEnv.length)
    if (vendor.checkPath !== null) assert.match(vendor.checkPath, /^[a-z][a-z0-9/-]*$/)
  })

  test(`${vendor.name}: the id of a request is looked for under lower-case names`, () => {
    assert.ok(vendor.requestIdHeaders.length > 0)
    for (const name of vendor.requestIdHeaders) assert.match(name, /^[a-z][a-z0-9-]*$/)
  })

  test(`${vendor.name}: only a 400 or 422 that names the field refuses to be asked for usage`, () => {
    const named = { error: { message: "Unknown parameter: 'stream_options'.", param: 'stream_options' } }
    const closed = { detail: [{ type: 'extra_forbidden', loc: ['body', 'stream_options', 'include_usage'] }] }
    assert.ok(vendor.refusesStreamUsage(400, named))
    assert.ok(vendor.refusesStreamUsage(422, closed))
    assert.ok(!vendor.refusesStreamUsage(429, named))
    assert.ok(!vendor.refusesStreamUsage(400, { error: { message: "Unknown parameter: 'temperature'." } }))
    assert.ok(!vendor.refusesStreamUsage(400, null))
  })
}
