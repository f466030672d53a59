/** Staging tests for vitest, with nothing but fetch. */

import type { StagingRequest } from './staging.ts'
import { limits, stagingOf } from './staging.ts'

const head = ({
  baseUrl,
  model,
  keyVariable,
}: StagingRequest): string => `// Staging tests of an OpenAI-compatible endpoint, written by 'drover probe --emit vitest'.
//   ${keyVariable}=… DROVER_BASE_URL=… npx vitest run FILE
import { expect, test } from 'vitest'

const env = process.env
const baseUrl = (env.DROVER_BASE_URL ?? ${JSON.stringify(baseUrl)}).replace(/\\/+$/, '')
const model = env.DROVER_MODEL ?? ${JSON.stringify(model)}
const key = env.${keyVariable} ?? ''
const p99Ms = Number(env.DROVER_P99_MS ?? ${limits.p99Ms})
const calls = Number(env.DROVER_CALLS ?? ${limits.calls})
// USD per million tokens, and per call at most. 0 leaves the price out.
const priceIn = Number(env.DROVER_PRICE_IN ?? 0)
const priceOut = Number(env.DROVER_PRICE_OUT ?? 0)
const usdPerCallMax = Number(env.DROVER_USD_PER_CALL_MAX ?? ${limits.usdPerCallMax})
const timeout = 120_000
`

const library = `
const post = async (body, credential = key) => {
  const answer = await fetch(baseUrl + '/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ' + credential },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(timeout),
  })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

const ask = (text, more = {}) => ({ model, messages: [{ role: 'user', content: text }], max_tokens: 512, ...more })

const expectError = (text) => {
  expect(typeof JSON.parse(text).error?.message).toBe('string')
}

test('shape and model', async () => {
  const { status, text } = await post(ask('Say good morning.'))
  expect(status, text).toBe(200)
  const answer = JSON.parse(text)
  const [choice] = answer.choices
  expect(answer.object).toBe('chat.completion')
  expect(choice.message.role).toBe('assistant')
  expect(['stop', 'length']).toContain(choice.finish_reason)
  expect(choice.message.content || choice.message.reasoning_content).toBeTruthy()
  expect(answer.model === model || answer.model.startsWith(model) || model.endsWith(answer.model)).toBe(true)
}, timeout)

test('usage adds up', async () => {
  const { usage } = JSON.parse((await post(ask('Name three colours.'))).text)
  expect(usage.prompt_tokens).toBeGreaterThan(0)
  expect(usage.completion_tokens).toBeGreaterThan(0)
  expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens)
}, timeout)

test('a wrong key is a 401', async () => {
  const { status, text } = await post(ask('Say OK.'), 'sk-this-key-is-wrong-000000000000')
  expect(status).toBe(401)
  expectError(text)
}, timeout)

test('an unknown model is refused', async () => {
  const { status, text } = await post({ ...ask('Say OK.'), model: 'no-such-model' })
  expect([400, 404]).toContain(status)
  expectError(text)
}, timeout)

test('broken JSON is a 400', async () => {
  const { status, text } = await post('{"model": ')
  expect(status).toBe(400)
  expectError(text)
}, timeout)

test('a burst is served, or told to wait', async () => {
  const answers = await Promise.all(Array.from({ length: calls }, () => post(ask('Say OK.'))))
  for (const { status, headers, text } of answers) {
    expect([200, 429], text).toContain(status)
    if (status !== 429) continue
    const names = [...headers.keys()]
    expect(names.some((name) => name === 'retry-after' || name.includes('ratelimit'))).toBe(true)
  }
}, timeout)

test('p99 is within its limit', async () => {
  const times = []
  for (let call = 0; call < calls; call += 1) {
    const started = performance.now()
    const { status, text } = await post(ask('Say OK.'))
    expect(status, text).toBe(200)
    times.push(performance.now() - started)
  }
  times.sort((left, right) => left - right)
  expect(times[Math.max(0, Math.ceil(0.99 * times.length) - 1)]).toBeLessThanOrEqual(p99Ms)
}, timeout)

test('cost of a call', async () => {
  const { text, headers } = await post(ask('Name three colours.'))
  const { usage } = JSON.parse(text)
  const told = headers.get('x-drover-cost')
  const usd = told === null ? (usage.prompt_tokens * priceIn + usage.completion_tokens * priceOut) / 1e6 : Number(told)
  expect(usd).toBeGreaterThanOrEqual(0)
  expect(usd).toBeLessThanOrEqual(usdPerCallMax)
}, timeout)
`

const stream = String.raw`
test('a stream ends as one', async () => {
  const { status, headers, text } = await post(ask('Count to five.', { stream: true }))
  expect(status).toBe(200)
  expect(headers.get('content-type')).toMatch(/^text\/event-stream/)
  const data = text.split(/\r?\n/).filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim())
  expect(data.at(-1)).toBe('[DONE]')
  const chunks = data.slice(0, -1).map((one) => JSON.parse(one))
  const finishes = chunks.flatMap((chunk) => chunk.choices.flatMap((choice) => choice.finish_reason ?? []))
  expect(finishes).toHaveLength(1)
}, timeout)
`

const tools = `
const tool = { type: 'function', function: { name: 'get_weather', description: 'Gives the weather of a city.', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } }

test('a tool is called', async () => {
  const { status, text } = await post(ask('Use the get_weather tool for Oslo.', { tools: [tool] }))
  expect(status, text).toBe(200)
  const [choice] = JSON.parse(text).choices
  const [call] = choice.message.tool_calls
  expect(call.id).toBeTruthy()
  expect([call.type, call.function.name]).toEqual(['function', 'get_weather'])
  expect(typeof JSON.parse(call.function.arguments).city).toBe('string')
  expect(choice.finish_reason).toBe('tool_calls')
}, timeout)
`

const sitesOf = (request: StagingRequest): string => {
  const { sites } = stagingOf(request)
  if (sites.length === 0) return ''
  const rows = sites.map(({ name, parameters }) => `  [${JSON.stringify(name)}, ${JSON.stringify(parameters)}],`)
  return `
test.each([
${rows.join('\n')}
])('the parameters of %s are taken', async (_name, parameters) => {
  const body = { ...ask('Say OK.'), ...parameters }
  if ('max_completion_tokens' in parameters) delete body.max_tokens
  const { status, text } = await post(body)
  expect(status, text).toBe(200)
}, timeout)
`
}

/** The file. */
export const vitestFile = (request: StagingRequest): string => {
  const { usesStream, usesTools } = stagingOf(request)
  return `${head(request)}${library}${usesStream ? stream : ''}${usesTools ? tools : ''}${sitesOf(request)}`
}
