/** What real clients asked, read and sent on: nothing changes but the fields that are Drover's own. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inboundOf, readExchanges, requestBytes } from './exchange.ts'

const untouched = { set: {}, cut: [], rename: {} }
/** Read by Drover itself and not sent on, unless the target's vendor asks for them. */
const own = ['usage', 'models', 'provider']

type Body = Record<string, unknown>

const sent = (body: Body, model: string): Body => {
  const expected = Object.fromEntries(Object.entries(body).filter(([name]) => !own.includes(name)))
  return { ...expected, model }
}

test('every request is read and sent on unchanged', (context) => {
  let equal = 0
  let cut = 0
  for (const exchange of readExchanges()) {
    const bytes = requestBytes(exchange)
    const body = exchange.recording.request?.body as Body | undefined
    if (bytes === null || body === undefined) continue
    // Azure names the model in the path; its body has none.
    const named = typeof body['model'] === 'string' || exchange.protocol.name === 'openai-moderations'
    const asked = named ? bytes : Buffer.from(JSON.stringify({ model: 'in-the-path', ...body }))
    const call = exchange.protocol.server.readCall(inboundOf('/v1/x', asked))
    const { value } = exchange.protocol.client.writeCall(call, { model: call.model, edits: untouched })
    assert.ok(value.body.kind === 'bytes')
    const out = Buffer.from(value.body.bytes)
    if (out.equals(asked)) equal += 1
    else {
      cut += 1
      assert.ok(own.some((name) => name in body) || body['model'] === undefined, `${exchange.row.file}: changed`)
      assert.deepEqual(JSON.parse(out.toString('utf8')), sent(body, call.model), exchange.row.file)
    }
    assert.equal(call.stream, body['stream'] === true, exchange.row.file)
    assert.equal(call.usageWish.inStream, (body['stream_options'] as Body | undefined)?.['include_usage'] === true)
  }
  context.diagnostic(`${equal + cut} requests: ${equal} sent on byte for byte, ${cut} without ${own.join(', ')}`)
  assert.ok(equal > 600, `only ${equal} requests were equal`)
})
