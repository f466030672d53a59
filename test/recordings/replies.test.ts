/** What real providers answered, read as it came: every byte is given back, however it was cut, and every answer ends as it should. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '#base/problem.ts'
import type { Exchange } from './exchange.ts'
import { readAnswer, readExchanges } from './exchange.ts'

/** Answers that are no complete answer, with the reason; everything else must be one. */
const broken: Readonly<Record<string, string>> = {
  'azure/openai.chat/test-prompt-content-filtering-1e52ca532b7a.json': 'an error document under 200',
  'openai/openai.chat/reasoning-model-legacy-parameter-error-a52d8d91d57c.json': 'an error document under 200',
  'openai/openai.images/gpt-image-response-format-error-29a0a41182c3.json': 'an error document under 200',
  'openai/openai.responses/openai-error-8f8f8d68ef47.json': 'ends with an error event and a failed response',
  'openai/openai.responses/reasoning-model-temperature-error-55c183dc607b.json': 'an error document under 200',
  'groq/openai.chat/test-tool-use-failed-error-streaming-with-text-611125d6c0a9.json': 'ends with an error event',
  'openrouter/openai.chat/test-openrouter-stream-error-5ee90853a4fe.json': 'an error event before [DONE]',
  'writer/openai.completions/test-writer-async-streaming-completions-legacy-eefcf6ae7721.json':
    'a stream of its own kind, without finish reason or [DONE]',
}

const answers = (exchanges: readonly Exchange[]): readonly Exchange[] => exchanges.filter(({ row }) => row.status < 400)

const exchanges = readExchanges()

test('every answer is given back byte for byte, however it was cut, and means the same', () => {
  for (const exchange of answers(exchanges)) {
    const { row, bytes, recording } = exchange
    const whole = readAnswer(exchange)
    assert.ok(whole.raw.equals(bytes), `${row.file}: bytes differ`)
    const cuts = [[1], [7, 64, 3], recording.response.network_chunk_bytes ?? [1024]]
    for (const lengths of cuts) {
      const cut = readAnswer(exchange, lengths)
      assert.ok(cut.raw.equals(bytes), `${row.file}: bytes differ when cut at ${lengths}`)
      assert.equal(
        JSON.stringify(cut.parts),
        JSON.stringify(whole.parts),
        `${row.file}: parts differ when cut at ${lengths}`,
      )
      assert.equal(cut.complete, whole.complete, row.file)
    }
  }
})

test('every answer is complete but those that are not', () => {
  const incomplete = answers(exchanges).filter((exchange) => !readAnswer(exchange).complete)
  assert.deepEqual(incomplete.map(({ row }) => row.file).sort(), Object.keys(broken).sort())
})

test('every stream that says it ended so ends in a finish part or the end marker', () => {
  for (const exchange of answers(exchanges)) {
    if (exchange.recording.response.sse === undefined || broken[exchange.row.file] !== undefined) continue
    const { frames, parts } = readAnswer(exchange)
    const ended = frames.some((frame) => frame.role === 'end') || parts.some((part) => part.type === 'finish')
    assert.ok(ended, exchange.row.file)
  }
})

/** Every block that begins also ends, once, and pieces lie between. */
const checkBlocks = (exchange: Exchange): void => {
  const open = new Set<string>()
  for (const part of readAnswer(exchange).parts) {
    if (
      !('block' in part) ||
      part.type === 'image' ||
      part.type === 'citation' ||
      part.type === 'tool-result' ||
      part.type === 'other'
    )
      continue
    const key = `${part.type.replace(/-(?:start|delta|end)$/, '')} ${part.choice}/${part.block}`
    if (part.type.endsWith('-start')) {
      assert.ok(!open.has(key), `${exchange.row.file}: ${key} begins twice`)
      open.add(key)
    } else assert.ok(open.has(key), `${exchange.row.file}: ${part.type} of ${key}, which is not open`)
    if (part.type.endsWith('-end')) open.delete(key)
  }
  assert.deepEqual([...open], [], exchange.row.file)
}

test('blocks begin, go on and end', () => {
  for (const exchange of answers(exchanges)) if (broken[exchange.row.file] === undefined) checkBlocks(exchange)
})

type Reply = { choices?: { message?: Record<string, unknown>; delta?: Record<string, unknown>; text?: string }[] }

/** The answer's text by the plainest reading: strings of `content`, joined in order. */
const plainText = ({ recording, bytes }: Exchange): string => {
  const documents: Reply[] =
    recording.response.sse === undefined
      ? [JSON.parse(bytes.toString('utf8')) as Reply]
      : recording.response.sse
          .split(/\r?\n/)
          .filter((line) => line.startsWith('data:') && line.includes('{'))
          .map((line) => JSON.parse(line.slice(5)) as Reply)
  const stream = recording.response.sse !== undefined
  const piece = (choice: NonNullable<Reply['choices']>[number]): unknown =>
    choice.text ?? (stream ? choice.delta : choice.message)?.['content']
  return documents
    .flatMap((document) => (document.choices ?? []).map(piece))
    .map((content) => (typeof content === 'string' ? content : ''))
    .join('')
}

test('the text is all of the text', () => {
  let texts = 0
  for (const exchange of answers(exchanges)) {
    const chatty = /^openai\.(?:chat|completions)$/.test(exchange.row.api)
    // One answer is words that are no JSON: they pass as they came, and no part can say them.
    const words = exchange.row.provider === 'pydantic-gateway' && exchange.recording.response.text !== undefined
    if (!chatty || words || exchange.row.features.includes('content-parts-out')) continue
    const expected = plainText(exchange)
    const { parts } = readAnswer(exchange)
    const text = parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('')
    // An object in place of a text is told as its JSON.
    if (expected === '' && text.startsWith('{')) continue
    assert.equal(text, expected, exchange.row.file)
    texts += 1
  }
  assert.ok(texts > 500, `only ${texts} texts were compared`)
})

const expectedProblems: Readonly<Record<number, readonly [status: number | 'same', codes: readonly string[]]>> = {
  400: ['same', ['invalid_request_error', 'context_length_exceeded']],
  401: [502, ['upstream_error']],
  403: [502, ['upstream_error']],
  404: ['same', ['not_found', 'model_not_found']],
  429: [503, ['upstream_overloaded']],
  500: [502, ['upstream_error']],
}

const problemOf = ({ protocol, recording, bytes }: Exchange): Problem =>
  protocol.client.readProblem({ status: recording.response.status, headers: recording.response.headers, body: bytes })

test('every refusal is mapped, and the ones that pass keep their bytes', () => {
  const refusals = exchanges.filter(({ row }) => row.status >= 400)
  for (const exchange of refusals) {
    const problem = problemOf(exchange)
    const [status, codes] = expectedProblems[exchange.row.status] ?? assert.fail(exchange.row.file)
    assert.equal(problem.status, status === 'same' ? exchange.row.status : status, exchange.row.file)
    assert.ok(codes.includes(problem.code), `${exchange.row.file}: ${problem.code}`)
    const answer = exchange.protocol.server.writeProblem(problem, { id: 'call_x', origin: '' })
    assert.equal(answer.status, problem.status)
    if (status === 'same') assert.ok(exchange.bytes.equals(answer.body), `${exchange.row.file}: bytes differ`)
    else assert.equal(JSON.parse(Buffer.from(answer.body).toString('utf8')).error.code, problem.code)
  }
  assert.ok(refusals.length > 50)
})

test('in one line', (context) => {
  const read = answers(exchanges)
  const equal = read.filter((exchange) => readAnswer(exchange).raw.equals(exchange.bytes)).length
  const refusals = exchanges.filter(({ row }) => row.status >= 400)
  const same = refusals.filter((exchange) => problemOf(exchange).status === exchange.row.status).length
  context.diagnostic(
    `${exchanges.length} exchanges: ${equal} of ${read.length} answers equal, ${same} of ${refusals.length} refusals pass as they came`,
  )
  for (const [file, reason] of Object.entries(broken)) context.diagnostic(`${file}: ${reason}`)
  assert.equal(equal, read.length)
})
