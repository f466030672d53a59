import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { byteWise, cutAt, gzipped, stream, whole } from '../fake/answer.ts'
import { completion, completionEvents, doneEvent, usageEvent } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { chat, startBench } from './bench.ts'
import { call, dig } from './call.ts'

/** What no JSON writer would write, and every JSON reader takes. */
const oddDocument = [
  '{ "id":"odd-1",\r\n\t"choices" : [ {"index":0 , "finish_reason":"stop","finish_reason":"stop", ',
  '"message":{"content":"caf\\u00e9 \\ud83d\\ude00 \\/ <b> \u2028 é","role":"assistant"}}],\n',
  '"z\\u0065d":1.0,"a":12345678901234567890 , "e":1E+2, "model":"a-name-of-the-provider",\n',
  '"usage":{"total_tokens":10,"prompt_tokens":7,"completion_tokens":3,"new_detail":{"x":[]}},"usage_note":null } \n\n',
].join('')

const oddEvents = [
  ': a comment of the provider\r\n\r\n',
  'event: chunk\r\nid: 7\r\nretry: 100\r\ndata:{"id":"odd-2","choices":[{"index":0,"delta":{"role":"assistant"}}] }\r\n\r\n',
  'data: { "choices" :[{"delta":{"content":"caf\\u00e9 \\/ é 😀"},"index":0,"index":0}],"usage":null}\r\n\r\n',
  'data: {"choices":[{"index":0,"delta":{"content":"two"},\r\ndata: "finish_reason":null}]}\r\n\r\n',
  '\r\n',
  'data:  {"z":1.0,"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\r\n\r\n',
  'data: [DONE]\r\n\r\n',
].join('')

const oddRequest =
  '{ "messages" :[ {"role":"user","content":"caf\\u00e9 \\/ é 😀 \\u2028"}],\r\n\t"seed": 12345678901234567890,' +
  '"temperature":0.50, "stop":["\\n"] , "made_up_field":{"b":1,"a":[ 1 ,2]} ,"made_up_field":3, "model"  :  "fake/any-model" }\n'

describe('bytes', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
  })
  after(() => bench.close())
  const ask = (body: unknown) => call(bench.relay.url, { key: bench.key, body })

  test('a JSON answer arrives byte for byte', async () => {
    bench.upstream.answerOnce(whole(oddDocument))
    const answer = await ask(chat('odd'))
    assert.equal(answer.status, 200)
    assert.equal(answer.text, oddDocument)
  })

  test('a compressed answer arrives with the bytes that were compressed', async () => {
    bench.upstream.answerOnce(gzipped(oddDocument))
    const answer = await ask(chat('odd'))
    assert.equal(answer.text, oddDocument)
    assert.equal(answer.headers['content-encoding'], undefined)
  })

  const cuts: Readonly<Record<string, (text: string) => readonly Buffer[]>> = {
    'in one piece': (text) => [Buffer.from(text)],
    'one byte at a time': byteWise,
    'in pieces of 7': (text) => cutAt(text, new Array<number>(text.length).fill(7)),
    'in the middle of CRLF': (text) => cutAt(text, [text.indexOf('\r\n') + 1]),
  }
  for (const [name, cut] of Object.entries(cuts)) {
    test(`a stream arrives byte for byte, sent ${name}`, async () => {
      bench.upstream.answerOnce(stream(cut(oddEvents)))
      const answer = await ask(chat('odd', { stream: true }))
      assert.equal(answer.status, 200)
      assert.equal(answer.text, oddEvents)
      assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream/)
    })
  }

  test('a request reaches the provider byte for byte but for the name of the model', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(whole(completion()))
    await ask(oddRequest)
    const seen = await bench.upstream.arrival(0)
    assert.equal(seen.body.toString(), oddRequest.replace('fake/any-model', 'any-model'))
    assert.equal(seen.target, '/v1/chat/completions')
    assert.equal(seen.headers['content-length'], `${seen.body.length}`)
  })

  test('a streaming request changes by the model and stream_options only', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(stream(completionEvents(['a'], { usage: true })))
    const body = oddRequest.replace('"seed"', '"stream":true , "seed"')
    await ask(body)
    const seen = (await bench.upstream.arrival(0)).body.toString()
    const added = /,?"stream_options":\{[^}]*\},?/.exec(seen)?.[0]
    assert.ok(added !== undefined, `usage was asked for: ${seen}`)
    const without = seen.replace(added, added.startsWith(',') && added.endsWith(',') ? ',' : '')
    assert.equal(without, body.replace('fake/any-model', 'any-model'))
  })

  test('stream_options of the caller stay as written', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(stream(completionEvents(['a'], { usage: true })))
    const body = oddRequest.replace(
      '"seed"',
      '"stream":true,"stream_options":{ "include_usage" : true,"own":1 },"seed"',
    )
    await ask(body)
    const seen = await bench.upstream.arrival(0)
    assert.equal(seen.body.toString(), body.replace('fake/any-model', 'any-model'))
  })

  test('other members of stream_options are kept when usage is added', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(stream(completionEvents(['a'], { usage: true })))
    await ask(chat('hi', { stream: true, stream_options: { include_obfuscation: false, include_usage: false } }))
    const seen = JSON.parse((await bench.upstream.arrival(0)).body.toString()) as Record<string, unknown>
    assert.deepEqual(seen['stream_options'], { include_obfuscation: false, include_usage: true })
  })

  test('the usage event is dropped for a caller who did not ask, and kept for one who did', async () => {
    const events = completionEvents(['a ', 'b'], { usage: true })
    bench.upstream.answerOnce(stream(events), stream(events))
    const silent = await ask(chat('hi', { stream: true }))
    assert.equal(silent.text, events.filter((event) => event !== usageEvent(2)).join(''))
    const asked = await ask(chat('hi', { stream: true, stream_options: { include_usage: true } }))
    assert.equal(asked.text, events.join(''))
  })

  test('a finish event that carries usage is delivered even when usage was not asked for', async () => {
    const finish = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":1}}]}\n\n'
    const events = [...completionEvents(['a']).slice(0, 2), finish, doneEvent]
    bench.upstream.answerOnce(stream(events))
    assert.equal((await ask(chat('hi', { stream: true }))).text, events.join(''))
  })

  test('a model named twice cannot be one thing for Drover and another for the provider', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(whole(completion()))
    const answer = await ask('{"model":"fake/cheap","messages":[{"role":"user","content":"x"}],"model":"fake/dear"}')
    if (answer.status === 400) {
      assert.equal(bench.upstream.seen.length, 0)
      return
    }
    const seen = (await bench.upstream.arrival(0)).body.toString()
    const named = [...seen.matchAll(/"model":"([^"]*)"/g)].map((match) => match[1])
    assert.deepEqual(new Set(named).size, 1, `one name in ${seen}`)
  })

  test('members that only look like ours inside a message stay as they are', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(whole(completion()))
    const tricky = '{\\"model\\":\\"fake/any-model\\",\\"stream_options\\":{}}'
    const body = `{"messages":[{"role":"user","content":"${tricky}","model":"fake/any-model"}],"model":"fake/any-model"}`
    await ask(body)
    const seen = await bench.upstream.arrival(0)
    assert.equal(seen.body.toString(), body.replace(/"fake\/any-model"\}$/, '"any-model"}'))
  })

  test('an answer with no usage at all is delivered and recorded as unknown, not as zero', async () => {
    bench.upstream.answerOnce(
      whole('{"id":"x","choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}'),
    )
    const answer = await ask(chat('hi'))
    assert.equal(answer.status, 200)
    const record = await bench.relay.recordOf(answer)
    assert.notEqual(dig(record, 'usage.source'), 'reported', JSON.stringify(record['usage']))
  })
})
