import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import {
  cutAfter,
  failure,
  neverAnswer,
  page,
  resetAtOnce,
  silentAfterHeaders,
  stallAfter,
  stream,
  tooMany,
  whole,
} from '../fake/answer.ts'
import { completion, completionEvents, doneEvent } from '../fake/openai.ts'
import type { Script } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { assertServing, chat, startBench } from './bench.ts'
import type { Answer } from './call.ts'
import { assertProblem, call, dig, eventsOf, openCall } from './call.ts'
import { quickest } from './harness.ts'

const timeouts = '{ connect: 2s, headers: 400ms, first_token: 400ms, idle: 400ms, total: 2s }'
const models = `models:
  hasty:
    targets: [ { provider: fake, model: any-model } ]
    route: { retries: 0, timeout: ${timeouts} }
  patient:
    targets: [ { provider: fake, model: any-model } ]
    route: { retries: 2 }
`

type Failure = {
  readonly script: Script
  readonly status: number
  readonly code: string
  /** Whether the caller streams; absent: both are tried. */
  readonly streaming?: readonly boolean[]
  readonly retryAfter?: string
}

const broken = (script: Script, ...streaming: readonly boolean[]): Failure => ({
  script,
  status: 502,
  code: 'upstream_error',
  ...(streaming.length > 0 ? { streaming } : {}),
})
const late = (script: Script, ...streaming: readonly boolean[]): Failure => ({
  ...broken(script, ...streaming),
  status: 504,
  code: 'upstream_timeout',
})
const busy = (script: Script, retryAfter: string): Failure => ({
  script,
  status: 503,
  code: 'upstream_overloaded',
  retryAfter,
})
const refusal = (status: number): Script => failure(status, { message: 'no', type: 'some_error' })

const failures: Readonly<Record<string, Failure>> = {
  'resets before any header': broken(resetAtOnce),
  'takes the request and never answers': late(neverAnswer),
  'is silent after its headers': late(silentAfterHeaders(), true),
  'is silent after the headers of a whole answer': late(silentAfterHeaders('application/json'), false),
  'answers HTML with 200': broken(page(200)),
  'answers HTML with 502': broken(page(502)),
  'answers 200 with an error body': broken(refusal(200)),
  'answers 200 with an error event': broken(stream(['data: {"error":{"message":"no","code":500}}\n\n']), true),
  'answers nothing, with 200': broken(whole('')),
  'answers JSON that is cut': broken(whole('{"id":"x","choices":[{"ind'), false),
  'sends what is no event stream': broken(stream(['this is not an event\n\nneither is this\n\n']), true),
  'sends events that are not JSON': broken(stream(['data: {"choices":[{"index":0,\n\n']), true),
  'ends a stream before its first part': broken(stream(completionEvents(['x']).slice(0, 1)), true),
  'refuses the key of the operator': broken(refusal(401)),
  'wants the operator to pay': broken(refusal(402)),
  'forbids the operator': broken(refusal(403)),
  'fails inside': broken(refusal(500)),
  'asks to wait': busy(tooMany(7), '7'),
}

describe('bad upstreams', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: models })
  })
  after(() => bench.close())

  const ask = (more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
    call(bench.relay.url, { key: bench.key, headers, body: chat('hi', { model: 'hasty', ...more }) })

  /** With this provider, before the first part: refused in the right shape, streaming or not; the relay serves on. */
  async function assertFails({ script, status, code, streaming }: Failure): Promise<readonly Answer[]> {
    const answers: Answer[] = []
    for (const stream of streaming ?? [false, true]) {
      bench.upstream.answer(script)
      const answer = await ask({ stream })
      assertProblem(answer, status, code)
      answers.push(answer)
    }
    await assertServing(bench.relay)
    bench.upstream.answer(whole(completion()))
    assert.equal((await ask()).status, 200, 'the same provider is used again when it is well')
    return answers
  }

  /** What a stream gave until it was cut. */
  async function readCut(): Promise<{ text: string; headers: Answer['headers'] }> {
    const open = await openCall(bench.relay.url, { key: bench.key, body: chat('hi', { model: 'hasty', stream: true }) })
    assert.equal(open.status, 200)
    let text = ''
    try {
      for (let piece = await open.next(); piece !== null; piece = await open.next()) text += piece.toString()
    } catch (fault) {
      // The relay closes the connection of a cut answer, so that nobody takes it for a whole one.
      assert.ok(fault instanceof Error)
    }
    return { text, headers: open.headers }
  }

  /** After the first part: an error event in the stream, no sign of completeness, the record says cut. */
  async function assertCut(script: Script, code: string): Promise<void> {
    bench.upstream.answer(script)
    const { text, headers } = await readCut()
    assert.ok(text.startsWith(begun.join('')), `what came is delivered: ${text}`)
    const last = eventsOf(text).at(-1)?.data ?? ''
    assert.notEqual(last, '[DONE]', 'a cut stream never looks complete')
    assert.equal(dig(JSON.parse(last), 'error.code'), code, text)
    assert.equal((await bench.relay.recordOf({ headers }))['end'], 'cut')
    await assertServing(bench.relay)
  }

  const begun = completionEvents(['one ', 'two ']).slice(0, 3)

  for (const [name, one] of Object.entries(failures)) {
    test(name, async () => {
      for (const answer of await assertFails(one)) assert.equal(answer.headers['retry-after'], one.retryAfter)
    })
  }

  test('is at its limit without a word on how long', async () => {
    for (const status of [503, 529]) {
      bench.upstream.answer(refusal(status))
      const answer = await ask()
      assertProblem(answer, 503, 'upstream_overloaded')
      assert.ok(Number(answer.headers['retry-after']) >= 1)
    }
  })

  test('refuses the request itself: status and body pass as they are', async () => {
    for (const status of [400, 404, 422]) {
      const body = `{ "error":{"message":"its own words \\u00e9", "type":"invalid_request_error","param":"top_k"} }\n`
      bench.upstream.answer(whole(body, { status }))
      const answer = await ask()
      assert.equal(answer.status, status)
      assert.equal(answer.text, body)
      assert.ok(answer.headers['x-request-id'])
    }
    await assertServing(bench.relay)
  })

  test('stalls in the middle of a stream', () => assertCut(stallAfter(begun), 'upstream_timeout'))
  test('breaks off in the middle of a stream', () => assertCut(cutAfter(begun), 'upstream_error'))
  test('ends in the middle of a stream as if it were done', () => assertCut(stream(begun), 'upstream_error'))
  test('sends an invalid event in the middle of a stream', () =>
    assertCut(stream([...begun, 'data: {"choices":[\n\n', doneEvent]), 'upstream_error'))

  test('ends without [DONE] after the finish reason: that is complete, and delivered as it is', async () => {
    const events = completionEvents(['one ', 'two']).filter((event) => event !== doneEvent)
    bench.upstream.answer(stream(events))
    const answer = await ask({ stream: true })
    assert.equal(answer.text, events.join(''))
    assert.equal((await bench.relay.recordOf(answer))['end'], 'complete')
  })

  test('is tried again before the first part, and not after', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(resetAtOnce, failure(503, { message: 'busy' }))
    bench.upstream.answer(whole(completion()))
    const answer = await ask({ model: 'patient' })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers['x-drover-attempts'], '3')
    assert.equal(bench.upstream.seen.length, 3)
    bench.upstream.forget()
    bench.upstream.answer(cutAfter(begun))
    await ask({ model: 'patient', stream: true }).catch((fault: unknown) => assert.ok(fault instanceof Error))
    assert.equal(bench.upstream.seen.length, 1)
  })

  test('the deadline of the SDK itself is kept', async () => {
    bench.upstream.answer(neverAnswer)
    const once = async (): Promise<number> => {
      const started = performance.now()
      assertProblem(await ask({ model: 'patient' }, { 'x-stainless-timeout': '1' }), 504, 'upstream_timeout')
      return performance.now() - started
    }
    assert.ok((await quickest(once, 1_500)) < 1_500, 'the answer comes within the client’s own second')
  })
})
