/** The Gemini API: https://ai.google.dev/api/generate-content, read 2026-11-28. */

import { Buffer } from 'node:buffer'
import { schemaFaults } from '#base/json-schema.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Ask, Exchange } from '#probe/exchange.ts'
import { judgeReadBy } from '#probe/judge-read.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import {
  bodyJson,
  countAt,
  errorOf,
  objectAt,
  objectsAt,
  parsed,
  readWire,
  refusalText,
  textAt,
} from '#probe/wire-events.ts'
import { groupOf, impossible, relay } from './define.ts'
import { heldToBill } from './preview.ts'

const thinkingTokens = 2_048

type Wish = JsonObject & { readonly tokens?: number; readonly generationConfig?: JsonObject }

const generate = (facts: Facts, contents: Json, wish: Wish = {}): Ask => {
  const { tokens = 64, generationConfig = {}, ...more } = wish
  const maxOutputTokens = facts.thinks ? tokens + thinkingTokens : tokens
  return {
    method: 'POST',
    path: `models/${facts.model}:${facts.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: {
      contents: typeof contents === 'string' ? [{ role: 'user', parts: [{ text: contents }] }] : contents,
      generationConfig: { maxOutputTokens, ...generationConfig },
      ...more,
    },
    outputTokensMax: maxOutputTokens,
  }
}

type Reading = {
  readonly documents: readonly JsonObject[]
  readonly parts: readonly JsonObject[]
  readonly text: string
  readonly finishes: readonly string[]
  readonly usage: JsonObject
  readonly isEvents: boolean
  readonly broken: number
}

const read = (exchange: Exchange): Reading => {
  const wire = readWire(exchange)
  const documents = wire.events.map(({ json }) => json)
  const candidates = documents.flatMap((json) => objectsAt(json, 'candidates').slice(0, 1))
  const parts = candidates.flatMap((candidate) => objectsAt(objectAt(candidate, 'content'), 'parts'))
  return {
    documents,
    parts,
    text: parts
      .filter((part) => part['thought'] !== true)
      .map((part) => textAt(part, 'text'))
      .join(''),
    finishes: candidates.flatMap((candidate) => textAt(candidate, 'finishReason') || []),
    usage: objectAt(
      documents.findLast((json) => isObject(json['usageMetadata'])),
      'usageMetadata',
    ),
    isEvents: wire.form === 'events',
    broken: wire.broken.length,
  }
}

const judgeRead = judgeReadBy(read)

const answered: Probe['judge'] = (had, { stream }) =>
  judgeRead(had, ([reading], findings) => {
    findings.must(!stream || reading?.isEvents === true, 'alt=sse does not give server-sent events.')
    findings.must(reading?.broken === 0, 'An event is no JSON.')
    findings.must((reading?.text ?? '') !== '', 'There is no text in candidates[0].content.parts.')
    findings.must(reading?.finishes.length === 1, `${reading?.finishes.length ?? 0} finish reasons come, not one.`)
    findings.must(
      ['STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION'].includes(reading?.finishes[0] ?? ''),
      `finishReason is '${reading?.finishes[0] ?? ''}'.`,
    )
    findings.should(
      (reading?.documents ?? []).every((json) => textAt(json, 'modelVersion') !== ''),
      'modelVersion is missing.',
    )
    return undefined
  })

const counted: Probe['judge'] = (had) =>
  judgeRead(had, ([reading], findings) => {
    const count = (name: string): number | null => countAt(reading?.usage, name)
    const input = count('promptTokenCount')
    const output = (count('candidatesTokenCount') ?? 0) + (count('thoughtsTokenCount') ?? 0)
    const total = count('totalTokenCount')
    findings.must(input !== null && input > 0, 'usageMetadata.promptTokenCount is missing or 0.')
    findings.must(output > 0, 'usageMetadata.candidatesTokenCount is missing or 0.')
    findings.must(
      total === null || input === null || total >= input + output,
      `totalTokenCount ${total} is less than its parts ${input} + ${output}.`,
    )
    findings.should(total !== null, 'There is no totalTokenCount.')
    return undefined
  })

const cityParameters: JsonObject = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const tools: Json = [
  {
    functionDeclarations: [
      { name: 'get_weather', description: 'Gives the weather of a city.', parameters: cityParameters },
    ],
  },
]

const called: Probe['judge'] = (had) =>
  judgeRead(
    had,
    ([reading], findings) => {
      const calls = (reading?.parts ?? [])
        .filter((part) => isObject(part['functionCall']))
        .map((part) => objectAt(part, 'functionCall'))
      if (calls.length === 0) return unsupported('The model called no function.')
      for (const call of calls) {
        findings.must(textAt(call, 'name') === 'get_weather', `The call names '${textAt(call, 'name')}'.`)
        findings.must(isObject(call['args']), 'args is no object.')
        for (const fault of schemaFaults(objectAt(call, 'args'), cityParameters))
          findings.must(false, `args: ${fault}.`)
      }
      return undefined
    },
    true,
  )

const envelope: Probe['judge'] = (had) => {
  const findings = new Findings()
  for (const exchange of had) {
    const broken = brokenBy(exchange)
    if (broken !== null) return failed(`A faulty request is not refused: ${broken}.`)
    const value = bodyJson(exchange)
    const error = errorOf(exchange)
    findings.must(exchange.status >= 400, `A faulty request is answered with ${exchange.status}.`)
    findings.must(!Array.isArray(value), 'The error is wrapped in an array.')
    findings.must(
      error !== null && error['code'] === exchange.status && textAt(error, 'message') !== '',
      'error.code (the status) or error.message is missing.',
    )
    findings.should(error !== null && textAt(error, 'status') !== '', 'error.status is missing.')
  }
  return findings.judgement()
}

const refused =
  (statuses: readonly number[]): Probe['judge'] =>
  ([exchange]) => {
    if (exchange === undefined) return failed('Nothing was asked.')
    if (exchange.status === 200) return unsupported('It is answered: nothing is checked.')
    const findings = new Findings()
    findings.must(statuses.includes(exchange.status), `The status is ${exchange.status}, not ${statuses.join(' or ')}.`)
    findings.must(errorOf(exchange) !== null, 'The refusal has no error object.')
    return findings.judgement()
  }

const preview: Probe['judge'] = ([count, call]) => {
  if (count !== undefined && count.status >= 400) return unsupported(`It is not there: ${refusalText(count)}`)
  const value = count === undefined ? null : bodyJson(count)
  const tokens = countAt(isObject(value) ? value : {}, 'totalTokens')
  return judgeRead(call === undefined ? [] : [call], ([reading], findings) => {
    const billed = countAt(reading?.usage, 'promptTokenCount')
    heldToBill(findings, { name: 'totalTokens', tokens, billed })
    return undefined
  })
}

const limited: Probe['judge'] = (had) =>
  judgeRead(had, ([limit, sequence], findings) => {
    findings.must(
      limit?.finishes.at(-1) === 'MAX_TOKENS',
      `An answer that was cut ends with '${limit?.finishes.at(-1)}', not 'MAX_TOKENS'.`,
    )
    findings.must(!(sequence?.text ?? '').includes('gamma'), 'The answer goes on past its stop sequence.')
    return undefined
  })

const structured: Probe['judge'] = (had) =>
  judgeRead(
    had,
    ([reading], findings) => {
      const value = parsed(reading?.text ?? '')
      findings.must(isObject(value), `The answer is no JSON object: ${(reading?.text ?? '').slice(0, 80)}`)
      for (const fault of value === undefined ? [] : schemaFaults(value, cityParameters))
        findings.must(false, `The answer breaks the schema: ${fault}.`)
      return undefined
    },
    true,
  )

const listed: Probe['judge'] = ([exchange], { model }) => {
  if (exchange === undefined || exchange.status !== 200)
    return failed(`The list is refused with ${exchange === undefined ? '' : refusalText(exchange)}`)
  const value = bodyJson(exchange)
  const findings = new Findings()
  findings.must(
    objectsAt(isObject(value) ? value : {}, 'models').some((one) => textAt(one, 'name') === `models/${model}`),
    `models/${model} is not listed.`,
  )
  return findings.judgement()
}

export const geminiProbes = groupOf({ group: 'gemini-api', wire: 'gemini', modes: ['plain', 'stream'] }, [
  {
    id: 'gemini-answer',
    title: 'An answer has text and one finish reason',
    level: 'blocking',
    rule: 'candidates[0].content.parts has text, finishReason comes once.',
    remedy: relay('Where Drover translates, it writes them.'),
    ask: (facts) => [generate(facts, 'Say good morning in one sentence.')],
    judge: answered,
  },
  {
    id: 'gemini-usage',
    title: 'usageMetadata comes and adds up',
    level: 'blocking',
    rule: 'promptTokenCount and candidatesTokenCount; the total is at least their sum.',
    remedy: relay('Drover counts where it is missing, and says so.'),
    ask: (facts) => [generate(facts, 'Say good morning in one sentence of ten words.')],
    judge: counted,
  },
  {
    id: 'gemini-function-call',
    title: 'functionCall has name and valid args',
    level: 'blocking',
    rule: 'args is an object and an instance of the schema.',
    remedy: impossible('What the model fills in cannot be repaired on the way.'),
    dependents: { parameters: ['tools'] },
    ask: (facts) => [generate(facts, 'Use the get_weather tool for Oslo.', { tokens: 256, tools })],
    judge: called,
  },
  {
    id: 'gemini-errors',
    title: 'Errors have the form that SDKs read',
    level: 'blocking',
    modes: ['plain'],
    rule: '{"error": {"code", "message", "status"}} for broken JSON and wrong types.',
    remedy: relay("Drover answers every refusal in the caller's protocol."),
    ask: (facts) => [
      {
        method: 'POST',
        path: generate(facts, '').path,
        raw: { bytes: Buffer.from('{"contents": '), contentType: 'application/json' },
      },
      { ...generate(facts, ''), body: { contents: 7 } },
    ],
    judge: envelope,
  },
  {
    id: 'gemini-key',
    title: 'A wrong key is refused',
    level: 'blocking',
    modes: ['plain'],
    rule: '400, 401 or 403 with an error object.',
    remedy: relay('Drover checks keys itself.'),
    ask: (facts) => [{ ...generate(facts, 'Say OK.', { tokens: 16 }), key: 'wrong' }],
    judge: refused([400, 401, 403]),
  },
  {
    id: 'gemini-model',
    title: 'An unknown model is refused',
    level: 'blocking',
    modes: ['plain'],
    rule: '404 (or 400) with an error object.',
    remedy: relay('Drover refuses unknown names itself.'),
    ask: (facts) => [generate({ ...facts, model: 'no-such-model-drover-probe' }, 'Say OK.', { tokens: 16 })],
    judge: refused([404, 400]),
  },
  {
    id: 'gemini-models',
    title: 'The list of models names the model',
    level: 'blocking',
    modes: ['plain'],
    rule: 'GET models has models/ID.',
    remedy: relay('Drover lists the models that a key may use.'),
    ask: () => [{ method: 'GET', path: 'models?pageSize=1000' }],
    judge: listed,
  },
  {
    id: 'gemini-count-tokens',
    title: 'countTokens',
    level: 'warning',
    modes: ['plain'],
    rule: 'Within 5 % (or 3 tokens) of what is billed.',
    remedy: relay('Drover counts where the provider behind cannot.'),
    dependents: { endpoints: ['countTokens'] },
    ask: (facts) => [
      {
        method: 'POST',
        path: `models/${facts.model}:countTokens`,
        body: { contents: [{ role: 'user', parts: [{ text: 'The lamp turns once every ten seconds.' }] }] },
      },
      generate(facts, 'The lamp turns once every ten seconds.', { tokens: 16 }),
    ],
    judge: preview,
  },
  {
    id: 'gemini-stop',
    title: 'maxOutputTokens and stopSequences',
    level: 'blocking',
    rule: 'MAX_TOKENS, and nothing past the sequence.',
    remedy: relay('Where Drover translates, it writes the words of the API.'),
    dependents: { parameters: ['maxOutputTokens', 'stopSequences', 'max_output_tokens'] },
    ask: (facts) => [
      generate({ ...facts, thinks: false }, 'Count from 1 to 300 in words, separated by commas.', { tokens: 8 }),
      generate(facts, 'Repeat exactly: alpha beta HALT gamma', { generationConfig: { stopSequences: ['HALT'] } }),
    ],
    judge: limited,
  },
  {
    id: 'gemini-schema',
    title: 'responseSchema is obeyed',
    level: 'warning',
    rule: 'The text is an instance of the schema, or the field is refused clearly.',
    remedy: impossible('Only the endpoint knows what its decoder can do.'),
    dependents: { parameters: ['responseSchema', 'response_schema'] },
    ask: (facts) => [
      generate(facts, 'Name a city as JSON.', {
        tokens: 128,
        generationConfig: { responseMimeType: 'application/json', responseSchema: cityParameters },
      }),
    ],
    judge: structured,
  },
])
