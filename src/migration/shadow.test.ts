/** Comparing answers, the noise floor under it, what is never copied, and what copies may cost. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '#base/json-type.ts'
import type { ShadowCost } from './shadow-budget.ts'
import { shadowBudget } from './shadow-budget.ts'
import type { Answer, Comparator } from './shadow-compare.ts'
import {
  comparators,
  compareAnswers,
  firstDifference,
  languageOf,
  similarityOf,
  soundsDeclining,
} from './shadow-compare.ts'
import type { ShadowFacts } from './shadow-rule.ts'
import { isSampled, refusalOf } from './shadow-rule.ts'
import type { Shadowed, ShadowSums } from './shadow-sums.ts'
import { addShadow, callScoreOf, findingsOf, joinShadows, noShadows } from './shadow-sums.ts'

const said: Answer = {
  status: 200,
  finish: 'stop',
  tools: [],
  text: 'High water at Brest is at 06:12 in the morning.',
  isJson: null,
  isRefusal: false,
  outputTokens: 14,
}
const called = (input: string, more: Partial<Answer['tools'][number]> = {}): Answer => ({
  ...said,
  finish: 'tool-calls',
  text: '',
  tools: [{ name: 'tide', input, isValid: true, ...more }],
})

const differing: readonly (readonly [Comparator, Answer, Answer])[] = [
  ['http_class', said, { ...said, status: 503 }],
  ['http_class', said, { ...said, status: null }],
  ['finish_reason', said, { ...said, finish: 'length' }],
  ['tool_or_text', { ...called('{}'), finish: 'stop' }, said],
  ['tool_names', called('{}'), called('{}', { name: 'weather' })],
  ['tool_arguments', called('{"port":"Brest"}'), called('{"port":"Calais"}')],
  ['arguments_valid', called('{"port":1}'), called('{"port":1}', { isValid: false })],
  ['json_valid', { ...said, isJson: true }, { ...said, isJson: false }],
  ['length', said, { ...said, outputTokens: 29 }],
  ['language', said, { ...said, text: '布雷斯特明天早上六点十二分涨潮。' }],
  ['refusal', said, { ...said, text: `I'm sorry, but I can't help: ${said.text}` }],
  ['similarity', said, { ...said, text: 'Ask the harbour office.' }],
]

describe('comparing', () => {
  for (const [name, one, other] of differing)
    test(`${name}: ${other.text.slice(0, 20)}${other.tools[0]?.input ?? ''} ${other.status}`, () => {
      const comparison = compareAnswers(one, other)
      assert.equal(firstDifference(comparison), name)
      assert.deepEqual(compareAnswers(other, one), comparison, 'the order makes no difference')
      const before = comparators.slice(0, comparators.indexOf(name))
      assert.ok(before.every((earlier) => comparison[earlier] !== false))
    })

  test('an answer is as itself in every respect; what cannot be compared is not', () => {
    for (const answer of [said, called('{"a":1,"b":[{"c":2,"d":3}]}')]) {
      const comparison = compareAnswers(answer, answer)
      assert.equal(firstDifference(comparison), null)
      assert.ok(Object.values(comparison).filter((one) => one === true).length >= 6)
    }
    const failed = compareAnswers({ ...said, status: 429 }, { ...said, status: 400, text: '' })
    assert.deepEqual([failed.http_class, failed.finish_reason, failed.length], [true, null, null])
  })

  test('arguments in another order, with other blanks, or none at all are the same', () => {
    const same = (one: string, other: string) => compareAnswers(called(one), called(other)).tool_arguments
    assert.equal(same('{"a":1,"b":{"c":2,"d":3}}', '{ "b": {"d":3,"c":2}, "a": 1 }'), true)
    assert.equal(same('', '{}'), true)
    assert.equal(same('{"a":[1,2]}', '{"a":[2,1]}'), false)
    const two = (first: string, second: string): Answer => ({
      ...called('{}'),
      tools: [first, second].map((input) => ({ name: 'tide', input, isValid: null })),
    })
    assert.equal(compareAnswers(two('{"a":1}', '{"a":2}'), two('{"a":2}', '{"a":1}')).tool_arguments, true)
  })

  test('languages by their script, refusals in English and Chinese, likeness between nothing and all', () => {
    const languages = [
      'Good morning to you',
      'Доброе утро вам всем',
      '明日の朝は六時十二分に満潮です。',
      '明天早上六点十二分涨潮，请注意安全',
      'no',
    ]
    assert.deepEqual(languages.map(languageOf), ['Latin', 'Cyrillic', 'Kana', 'Han', null])
    for (const text of [
      "I'm sorry, but I can't assist with that.",
      'As an AI, I have no opinion',
      '抱歉，我无法回答',
      '我不能提供',
    ])
      assert.ok(soundsDeclining(text), text)
    for (const text of ['I am sorry to hear that. Here is how:', 'Sorry seems to be the hardest word', '我可以帮助你'])
      assert.ok(!soundsDeclining(text), text)
    assert.deepEqual(
      [similarityOf('Hello there', 'hello, THERE!'), similarityOf('abcdef', 'uvwxyz'), similarityOf('', 'a')],
      [1, 0, null],
    )
  })
})

const shadowed = (candidate: Answer, repeat: Answer | null = said): Shadowed => ({ primary: said, candidate, repeat })
const many = (count: number, one: Shadowed, from: ShadowSums = noShadows): ShadowSums =>
  Array.from({ length: count }).reduce<ShadowSums>((sums) => addShadow(sums, one), from)
const other: Answer = { ...said, finish: 'length' }
const findingOf = (sums: ShadowSums, name: Comparator, alpha = 0.05) =>
  findingsOf(sums, alpha).find(({ comparator }) => comparator === name) ?? assert.fail()

describe('the noise floor', () => {
  test('a candidate that differs no more often than the baseline from itself is not worse, however often that is', () => {
    const noisy = many(60, shadowed(said, other), many(60, shadowed(other, said)))
    const { share, floor, isWorse, lnE } = findingOf(noisy, 'finish_reason')
    assert.deepEqual([share, floor, isWorse], [0.5, 0.5, false])
    assert.ok(lnE < 0)
  })

  test('one that differs more often is found out after a few questions, and without second answers nothing is said', () => {
    assert.equal(findingOf(many(12, shadowed(other)), 'finish_reason').isWorse, true)
    assert.equal(findingOf(many(500, shadowed(other, null)), 'finish_reason').isWorse, false)
    // Of 60 that disagree 70 to 30, as the design's table has it for a half of all runs at 1 % (61 pairs).
    const sums = many(18, shadowed(said, other), many(43, shadowed(other, said)))
    const { lnE } = findingOf(sums, 'finish_reason')
    assert.ok(Math.abs(lnE - Math.log(100)) < 1, `${lnE}`)
  })

  test('what both disagree on weighs nothing; the rest of the answer is counted all the same', () => {
    const sums = many(40, shadowed(other, other))
    const finding = findingOf(sums, 'finish_reason')
    assert.deepEqual([finding.share, finding.floor, finding.isWorse], [1, 1, false])
    assert.equal(findingOf(sums, 'length').compared, 40)
    assert.equal(sums.first.finish_reason, 40)
  })

  test('how well tools are called', () => {
    const tool = called('{}')
    const pair = (primary: Answer, candidate: Answer): Shadowed => ({ primary, candidate, repeat: null })
    const sums = many(1, pair(said, tool), many(2, pair(tool, said), many(6, pair(tool, tool))))
    assert.equal(callScoreOf(sums), 12 / 15)
    assert.equal(callScoreOf(noShadows), null)
  })

  test('sums are the same in any order and any grouping', () => {
    const answer = fc.constantFrom(
      said,
      other,
      called('{}'),
      { ...said, status: 500 },
      { ...said, text: '布雷斯特明天早上涨潮时间' },
    )
    const question = fc.record({ primary: answer, candidate: answer, repeat: fc.option(answer) })
    fc.assert(
      fc.property(fc.array(question, { maxLength: 12 }), fc.nat(12), (all, at) => {
        const sum = (list: readonly Shadowed[]) => list.reduce<ShadowSums>(addShadow, noShadows)
        assert.deepEqual(sum(all.toReversed()), sum(all))
        assert.deepEqual(joinShadows(sum(all.slice(at)), sum(all.slice(0, at))), sum(all))
      }),
      { numRuns: 60 },
    )
  })
})

const factsOf = (body: JsonObject, more: Partial<ShadowFacts> = {}): ShadowFacts => ({
  hasConsent: true,
  isTest: false,
  kind: 'chat',
  format: 'openai-chat',
  bodyBytes: 1_000,
  namesFiles: false,
  body: () => body,
  ...more,
})

describe('what is never copied', () => {
  const asks = { model: 'm', messages: [] }
  const declared = { type: 'function', function: { name: 'tide', parameters: {} } }
  const refused: readonly (readonly [string, JsonObject, Partial<ShadowFacts>?])[] = [
    ['no_consent', asks, { hasConsent: false }],
    ['test', asks, { isTest: true }],
    ['not_chat', asks, { kind: 'embedding' }],
    ['too_large', asks, { bodyBytes: 1_048_577 }],
    ['files', asks, { namesFiles: true }],
    ['background', { ...asks, background: true }],
    ['continues', { input: [], store: false, previous_response_id: 'resp_1' }, { format: 'openai-responses' }],
    ['continues', { contents: [], cachedContent: 'cachedContents/1' }, { format: 'gemini' }],
    ['stored', { ...asks, store: true }],
    ['stored', { input: [] }, { format: 'openai-responses' }],
    ['server_tools', { input: [], store: false, tools: [{ type: 'web_search' }] }, { format: 'openai-responses' }],
    ['server_tools', { ...asks, tools: [declared, { type: 'builtin_function', function: { name: '$web_search' } }] }],
    ['server_tools', { ...asks, tools: [{ type: 'code_execution_20250522', name: 'code_execution' }] }],
    ['server_tools', { ...asks, mcp_servers: [{ url: 'https://mcp.example' }] }],
    ['server_tools', { ...asks, web_search_options: {} }],
    [
      'server_tools',
      { contents: [], tools: [{ functionDeclarations: [] }, { googleSearch: {} }] },
      { format: 'gemini' },
    ],
    ['several_answers', { ...asks, n: 2 }],
    ['several_answers', { contents: [], generationConfig: { candidateCount: 2 } }, { format: 'gemini' }],
  ]
  for (const [reason, body, more] of refused)
    test(`${reason}: ${JSON.stringify(body).slice(0, 80)}`, () => assert.equal(refusalOf(factsOf(body, more)), reason))

  test('what a caller’s own program carries out may be copied', () => {
    for (const body of [
      { ...asks, tools: [declared], store: false, n: 1, web_search_options: null },
      {
        ...asks,
        tools: [
          { name: 'tide', input_schema: {} },
          { type: 'custom', name: 'note' },
        ],
      },
      { contents: [], tools: [{ functionDeclarations: [{ name: 'tide' }] }] },
    ])
      assert.equal(refusalOf(factsOf(body)), null)
    assert.equal(refusalOf(factsOf({ input: [], store: false }, { format: 'openai-responses' })), null)
  })

  test('a refused call’s body is not parsed for what is told without it', () => {
    const body = (): JsonObject => assert.fail('the body was parsed')
    for (const more of [
      { hasConsent: false },
      { isTest: true },
      { kind: 'embedding' },
      { bodyBytes: 2_000_000 },
      { namesFiles: true },
    ])
      assert.notEqual(refusalOf(factsOf({}, { ...more, body })), null)
  })

  test('the sample is a share of conversations, the same everywhere, and a larger share holds the smaller one', () => {
    const units = Array.from({ length: 4_000 }, (_, index) => `unit-${index}`)
    const sample = (share: number, what: 'candidate' | 'repeat' = 'candidate', salt = 's') =>
      new Set(units.filter((unit) => isSampled({ salt, unit, what }, share)))
    const [tenth, third] = [sample(1_000), sample(3_000)]
    assert.ok(Math.abs(tenth.size - 400) < 80 && Math.abs(third.size - 1_200) < 120, `${tenth.size} ${third.size}`)
    assert.ok([...tenth].every((unit) => third.has(unit)))
    const both = [...sample(1_000, 'repeat')].filter((unit) => tenth.has(unit))
    assert.ok(both.length > 10 && both.length < 90, `${both.length}: two draws that do not know of each other`)
  })
})

describe('what copies may cost', () => {
  const limits = { nanoUsdPerDay: 1_000n, tokensPerDay: 100, concurrencyMax: 3 }
  const cost = (nanoUsd: bigint | null, tokens: number): ShadowCost => ({ nanoUsd, tokens })
  const day = 86_400_000

  test('each cap holds before a copy is sent, and what was not needed is given back', () => {
    const budget = shadowBudget(limits)
    const ticket = budget.take(cost(900n, 40), 0)
    assert.ok(typeof ticket === 'object')
    assert.equal(budget.take(cost(101n, 1), 0), 'usd_per_day')
    assert.equal(budget.take(cost(1n, 61), 0), 'tokens_per_day')
    assert.equal(budget.take(cost(null, 1), 0), 'no_price')
    ticket.settle(cost(300n, 10), 0)
    assert.deepEqual(budget.spent(0), { nanoUsd: 300n, tokens: 10, running: 0 })
    for (let index = 0; index < 3; index += 1) assert.ok(typeof budget.take(cost(1n, 1), 0) === 'object')
    assert.equal(budget.take(cost(1n, 1), 0), 'concurrency')
  })

  test('what is unknown has cost all that was kept; a new day begins anew, and what ends in it weighs on it', () => {
    const budget = shadowBudget(limits)
    const lost = budget.take(cost(400n, 20), day - 2)
    const late = budget.take(cost(500n, 30), day - 1)
    assert.ok(typeof lost === 'object' && typeof late === 'object')
    lost.settle(null, day - 1)
    assert.deepEqual(budget.spent(day - 1), { nanoUsd: 900n, tokens: 50, running: 1 })
    assert.deepEqual(budget.spent(day), { nanoUsd: 0n, tokens: 0, running: 1 })
    late.settle(cost(200n, 9), day)
    assert.deepEqual(budget.spent(day), { nanoUsd: 200n, tokens: 9, running: 0 })
  })

  test('no order of copies leads past a cap', () => {
    const copy = fc.record({ most: fc.nat(400), share: fc.double({ min: 0, max: 1, noNaN: true }), ends: fc.nat(5) })
    fc.assert(
      fc.property(fc.array(copy, { maxLength: 40 }), (copies) => {
        const budget = shadowBudget(limits)
        const open: { readonly endsAt: number; readonly settle: () => void }[] = []
        for (const [at, { most, share, ends }] of copies.entries()) {
          const ticket = budget.take(cost(BigInt(most), most % 30), 0)
          const actual = cost(BigInt(Math.floor(most * share)), Math.floor((most % 30) * share))
          if (typeof ticket === 'object') open.push({ endsAt: at + ends, settle: () => ticket.settle(actual, 0) })
          for (const one of open.splice(0)) {
            if (one.endsAt <= at) one.settle()
            else open.push(one)
          }
          const { nanoUsd, tokens, running } = budget.spent(0)
          assert.ok(nanoUsd >= 0n && nanoUsd <= 1_000n && tokens >= 0 && tokens <= 100 && running <= 3)
        }
      }),
      { numRuns: 100 },
    )
  })
})
