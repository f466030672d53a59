/** Models, keys, and how refusals look: what a client meets before the first answer. */

import { Buffer } from 'node:buffer'
import { isObject } from '#base/json-type.ts'
import { chat, room, say, user } from '#probe/chat/ask.ts'
import { readChat } from '#probe/chat/reading.ts'
import type { Exchange } from '#probe/exchange.ts'
import type { Judgement } from '#probe/judgement.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { bodyJson, errorOf, objectsAt, refusalText, textAt } from '#probe/wire-events.ts'
import { client, groupOf, impossible, relay, shim } from './define.ts'

const isJson = ({ headers }: Exchange): boolean => /\bjson\b/.test(headers['content-type'] ?? '')

/** A refusal with one of these statuses, and an error object in it. */
const refusedWith = (exchange: Exchange | undefined, statuses: readonly number[]): Judgement => {
  if (exchange === undefined) return failed('Nothing was asked.')
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`There is no refusal: ${broken}.`)
  const findings = new Findings()
  findings.must(
    statuses.includes(exchange.status),
    `The status is ${exchange.status}, where ${statuses.join(' or ')} is expected.`,
  )
  findings.must(exchange.status < 400 || errorOf(exchange) !== null, 'The refusal has no "error" object.')
  findings.should(exchange.status === statuses[0], `The specification says ${statuses[0]}, not ${exchange.status}.`)
  return findings.judgement()
}

const listed: Probe['judge'] = ([exchange], { model }) => {
  if (exchange === undefined) return failed('Nothing was asked.')
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`The list does not come: ${broken}.`)
  if (exchange.status === 404 || exchange.status === 405)
    return unsupported(`There is no list: ${refusalText(exchange)}`)
  const value = bodyJson(exchange)
  const findings = new Findings()
  findings.must(exchange.status === 200, `The list is refused with ${refusalText(exchange)}`)
  findings.must(isObject(value) && Array.isArray(value['data']), 'The list has no "data".')
  const models = isObject(value) ? objectsAt(value, 'data') : []
  findings.must(
    models.some((one) => textAt(one, 'id') === model),
    `The model is not among the ${models.length} that are listed.`,
  )
  findings.should(isObject(value) && value['object'] === 'list', 'The list does not say "object": "list".')
  findings.should(
    models.every((one) => one['object'] === 'model'),
    'Not every model says "object": "model".',
  )
  return findings.judgement()
}

const hello = (facts: Facts) => say(facts, 'Say OK.', { tokens: 16 })

const errorShape: Probe['judge'] = (had) => {
  const findings = new Findings()
  for (const exchange of had) {
    const broken = brokenBy(exchange)
    if (broken !== null) return failed(`A faulty request is not refused: ${broken}.`)
    const error = errorOf(exchange)
    findings.must(exchange.status >= 400, `A faulty request is answered with ${exchange.status}.`)
    findings.must(isJson(exchange), `The refusal has the type '${exchange.headers['content-type'] ?? ''}', not JSON.`)
    findings.must(!Array.isArray(bodyJson(exchange)), 'The error is wrapped in an array: SDKs find no message in it.')
    findings.must(
      error !== null && textAt(error, 'message') !== '',
      `There is no "error.message" in ${exchange.body.toString('utf8', 0, 120)}`,
    )
    findings.should(error !== null && typeof error['type'] === 'string', 'There is no "error.type".')
    findings.should(error !== null && 'code' in error, 'There is no "error.code".')
  }
  return findings.judgement()
}

const midStream: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return unsupported('The endpoint cannot be told to fail within a stream.')
  const reading = readChat(exchange)
  const [error] = reading.errors
  const findings = new Findings()
  findings.must(
    error !== undefined || exchange.end === 'cut',
    'A stream that failed ends as if it were whole: a client takes half an answer for all of it.',
  )
  findings.must(!reading.wire.done, 'A stream that failed ends with [DONE].')
  findings.should(error !== undefined, 'The stream breaks off without an error event.')
  findings.should(error === undefined || textAt(error, 'message') !== '', 'The error event has no message.')
  return findings.judgement()
}

export const accessProbes = groupOf({ group: 'access' }, [
  {
    id: 'model-listed',
    title: 'The list of models names the model',
    level: 'blocking',
    rule: 'GET models answers 200 and has the id in "data".',
    remedy: relay('Drover lists the models that a key may use itself, with prices and limits.'),
    known: ['Kimi retired its k2-0711, 0905, turbo and thinking ids in 2026'],
    ask: () => [{ method: 'GET', path: 'models' }],
    judge: listed,
  },
  {
    id: 'model-unknown',
    title: 'An unknown model is refused',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: '404 (or 400) with an error object.',
    remedy: relay('Drover refuses unknown names itself, with the nearest ids.'),
    known: ['some servers answer any name with the model that they have loaded (llama.cpp, single-model vLLM fronts)'],
    ask: (facts) => [
      chat({ ...facts, model: 'no-such-model-drover-probe' }, { messages: [user('Say OK.')], ...room(facts, 16) }),
    ],
    judge: ([exchange]) => refusedWith(exchange, [404, 400]),
  },
  {
    id: 'key-wrong',
    title: 'A wrong key is refused',
    level: 'blocking',
    rule: '401 with an error object.',
    remedy: relay('Drover checks keys itself; the vendor never sees those of callers.'),
    known: ['servers without keys (llama.cpp, Ollama) take any'],
    ask: (facts) => [{ ...hello(facts), key: 'wrong' }],
    judge: ([exchange]) =>
      exchange?.status === 200
        ? unsupported('Any key is taken: the endpoint checks none.')
        : refusedWith(exchange, [401]),
  },
  {
    id: 'key-missing',
    title: 'A missing key is refused',
    level: 'blocking',
    rule: '401 with an error object.',
    remedy: relay('Drover checks keys itself.'),
    ask: (facts) => [{ ...hello(facts), key: 'none' }],
    judge: ([exchange]) =>
      exchange?.status === 200
        ? unsupported('No key is needed: the endpoint checks none.')
        : refusedWith(exchange, [401]),
  },
  {
    id: 'key-other-region',
    title: "A key of the vendor's other site is refused clearly",
    level: 'warning',
    rule: '401 or 403 with an error object; needs --other-key.',
    remedy: client('Take the key of the site that the base URL names; Drover keeps a key per provider and region.'),
    known: ['Kimi: keys of api.moonshot.cn and api.moonshot.ai are not interchangeable'],
    ask: (facts) => (facts.hasOtherKey ? [{ ...hello(facts), key: 'other' }] : []),
    judge: ([exchange]) =>
      exchange === undefined
        ? unsupported('No key of another site was given (--other-key).')
        : refusedWith(exchange, [401, 403]),
  },
  {
    id: 'error-body',
    title: 'Errors have the form that SDKs read',
    level: 'blocking',
    rule: 'JSON {"error": {"message", "type", "code"}} for broken JSON, for missing messages and for a wrong type.',
    remedy: shim('Drover reads any form (arrays, "detail", plain text) and answers in the protocol of the caller.'),
    known: ["Gemini's compatible endpoint wraps errors in an array", 'FastAPI servers answer {"detail": …}'],
    ask: (facts) => [
      {
        method: 'POST',
        path: 'chat/completions',
        raw: { bytes: Buffer.from('{"model": '), contentType: 'application/json' },
      },
      chat(facts, { ...room(facts, 16) }),
      chat(facts, { messages: 'no list', ...room(facts, 16) }),
    ],
    judge: errorShape,
  },
  {
    id: 'error-mid-stream',
    title: 'A stream that fails says so',
    level: 'warning',
    modes: ['stream'],
    rule: 'An error event, or a broken connection; never [DONE].',
    remedy: relay('Drover ends a stream that broke with an error event, never as complete.'),
    dependents: 'streams',
    ask: (facts) =>
      facts.provoke.cutMidStream === undefined
        ? []
        : [say(facts, `${facts.provoke.cutMidStream}Tell me about the sea, in twenty words.`)],
    judge: midStream,
  },
  {
    id: 'path-unknown',
    title: 'An unknown path is a JSON 404',
    level: 'info',
    rule: '404 with an error object.',
    remedy: relay('Drover answers unknown paths itself, with the nearest one.'),
    ask: () => [{ method: 'POST', path: 'no/such/path', body: {} }],
    judge: ([exchange]) => refusedWith(exchange, [404, 405]),
  },
])

const seconds = /^(?:\d+(?:\.\d+)?|(?:\d+h)?(?:\d+m(?!s))?(?:\d+(?:\.\d+)?s)?(?:\d+ms)?)$/

const usableWait = ({ headers }: Exchange): string | null => {
  const after = headers['retry-after']
  if (after !== undefined) return seconds.test(after) || !Number.isNaN(Date.parse(after)) ? 'retry-after' : null
  const milliseconds = headers['retry-after-ms']
  if (milliseconds !== undefined) return /^\d+$/.test(milliseconds) ? 'retry-after-ms' : null
  const reset = Object.keys(headers).find((name) => /^(?:x-)?(?:anthropic-)?ratelimit.*reset/.test(name))
  return reset !== undefined && (headers[reset] ?? '') !== '' ? reset : null
}

const refusalsOf = (had: readonly Exchange[], status: number): readonly Exchange[] =>
  had.filter((exchange) => exchange.status === status)

const rateLimited: Probe['judge'] = (had) => {
  const [exchange] = refusalsOf(had, 429)
  if (exchange === undefined) return unsupported('No 429 was met, and the endpoint cannot be told to answer with one.')
  const findings = new Findings()
  const wait = usableWait(exchange)
  findings.must(wait !== null, 'The 429 carries neither Retry-After nor a reset header that can be read.')
  findings.must(errorOf(exchange) !== null, 'The 429 has no error object.')
  findings.should(wait === null || wait === 'retry-after', `The wait is told by ${wait} only.`)
  return findings.judgement()
}

const toldApart: Probe['judge'] = (had) => {
  const seen = had.filter(({ status }) => status >= 400)
  if (seen.length < 2) return unsupported('Too few kinds of refusal were met to compare.')
  const signatures = seen.map((exchange) => {
    const error = errorOf(exchange) ?? {}
    return `${exchange.status}/${textAt(error, 'type')}/${textAt(error, 'code')}`
  })
  const findings = new Findings()
  findings.must(
    new Set(signatures).size === signatures.length,
    `Overload, rate limit and spent credit look alike: ${signatures.join(', ')}.`,
  )
  return findings.judgement()
}

const noCredit: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return unsupported('The endpoint cannot be told that its credit is spent.')
  if (exchange.status === 200) return unsupported('The endpoint cannot be told that its credit is spent.')
  const findings = new Findings()
  findings.must([402, 403, 429].includes(exchange.status), `Spent credit is answered with ${exchange.status}.`)
  findings.must(errorOf(exchange) !== null, 'The refusal has no error object.')
  findings.should(
    exchange.status === 402 || textAt(errorOf(exchange) ?? {}, 'code') === 'insufficient_quota',
    'Neither 402 nor "insufficient_quota" says it.',
  )
  return findings.judgement()
}

const provoked = (facts: Facts, ...directives: readonly (string | undefined)[]) =>
  directives.flatMap((directive) =>
    directive === undefined ? [] : [say(facts, `${directive}Say OK.`, { tokens: 16 })],
  )

export const refusalProbes = groupOf({ group: 'refusals' }, [
  {
    id: 'rate-limit-headers',
    title: 'A 429 says how long to wait',
    level: 'blocking',
    seesRefusals: true,
    rule: 'Retry-After (seconds or a date), or reset headers that can be read.',
    remedy: relay('Drover sends retry-after and x-ratelimit-* with its own limits, and waits for those of the vendor.'),
    known: ['Kimi sends X-RateLimit-*', 'DeepSeek (2025) holds the connection open instead, up to 30 minutes'],
    ask: (facts) => provoked(facts, facts.provoke.rateLimited),
    judge: rateLimited,
  },
  {
    id: 'overload-told-apart',
    title: 'Overload, rate limit and spent credit can be told apart',
    level: 'warning',
    seesRefusals: true,
    rule: 'They differ in status, error.type or error.code.',
    remedy: relay(
      'Drover has a status and a code for each: 429 rate_limit_exceeded, 503 upstream_overloaded, 402 credit_exhausted.',
    ),
    known: ['Kimi answers 429 for overload and for the rate limit'],
    ask: (facts) => provoked(facts, facts.provoke.rateLimited, facts.provoke.overloaded, facts.provoke.noCredit),
    judge: toldApart,
  },
  {
    id: 'no-credit-code',
    title: 'Spent credit has a code of its own',
    level: 'warning',
    seesRefusals: true,
    rule: '402, 403 or 429 with an error object that names it.',
    remedy: impossible(
      'Only the vendor knows its own balance; Drover answers 402 credit_exhausted for accounts of its own.',
    ),
    known: ['Kimi answers 403', 'OpenAI answers 429 insufficient_quota', 'DeepSeek answers 402'],
    ask: (facts) => provoked(facts, facts.provoke.noCredit),
    judge: noCredit,
  },
])
