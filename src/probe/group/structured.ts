/** Structured answers: JSON, JSON of a schema, and schemas that cannot be. */

import { schemaFaults } from '#base/json-schema.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { say } from '#probe/chat/ask.ts'
import type { ChatReading } from '#probe/chat/reading.ts'
import { firstChoice } from '#probe/chat/reading.ts'
import { declinableAnswersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { errorOf, parsed, refusalText } from '#probe/wire-events.ts'
import { client, groupOf, impossible } from './define.ts'

const contentOf = (reading: ChatReading | undefined): string =>
  reading === undefined ? '' : firstChoice(reading).content

const anyJson: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['response_format', 'json_object']), ([reading], findings) => {
    const content = contentOf(reading)
    const value = parsed(content)
    findings.must(isObject(value), `The answer is no JSON object: ${content.slice(0, 80)}`)
    findings.must(!/^\s*```/.test(content), 'The JSON stands in a code fence.')
    return undefined
  })

const bookSchema: JsonObject = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    year: { type: 'integer' },
    genre: { type: 'string', enum: ['novel', 'poetry', 'essay'] },
    authors: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, born: { type: ['integer', 'null'] } },
        required: ['name', 'born'],
        additionalProperties: false,
      },
    },
  },
  required: ['title', 'year', 'genre', 'authors'],
  additionalProperties: false,
}

const format = (schema: Json): JsonObject => ({
  response_format: { type: 'json_schema', json_schema: { name: 'book', strict: true, schema } },
})

const conforming: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['response_format', 'json_schema']), ([reading], findings) => {
    const content = contentOf(reading)
    const value = parsed(content)
    findings.must(value !== undefined, `The answer is no JSON: ${content.slice(0, 80)}`)
    for (const fault of value === undefined ? [] : schemaFaults(value, bookSchema))
      findings.must(false, `The answer breaks the schema: ${fault}.`)
    return undefined
  })

const impossibleSchema: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return unsupported('Nothing was asked.')
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`A schema that is none breaks it: ${broken}.`)
  const findings = new Findings()
  findings.must(exchange.status >= 400, 'A schema that is none is taken, and cannot have been obeyed.')
  findings.must(
    exchange.status < 400 || errorOf(exchange) !== null,
    `The refusal has no error object: ${refusalText(exchange)}`,
  )
  return findings.judgement()
}

const ask = (facts: Facts, more: JsonObject) => [
  say(facts, 'Describe the book "Moby-Dick" as JSON with title, year, genre and authors (name, born).', {
    tokens: 300,
    ...more,
  }),
]

export const structuredProbes = groupOf(
  { group: 'structured', dependents: { parameters: ['response_format', 'text'] } },
  [
    {
      id: 'json-object',
      title: 'response_format json_object gives JSON',
      level: 'blocking',
      modes: ['plain', 'stream'],
      rule: 'The content is one JSON object, without a code fence.',
      remedy: client(
        "Ask for JSON in the prompt and parse what comes; Anthropic's compatible endpoint ignores the field.",
      ),
      known: ["Anthropic's compatible endpoint ignores response_format"],
      ask: (facts) => ask(facts, { response_format: { type: 'json_object' } }),
      judge: anyJson,
    },
    {
      id: 'json-schema',
      title: 'response_format json_schema is obeyed',
      level: 'blocking',
      modes: ['plain', 'stream'],
      repeats: 10,
      rule: 'Every one of 20 answers is an instance of the schema.',
      remedy: client('Use json_object and check the answer, or a tool whose parameters are the schema.'),
      known: [
        'DeepSeek knows json_object only',
        "Anthropic's compatible endpoint ignores it",
        'Kimi wants its MFJS subset',
      ],
      ask: (facts) => ask(facts, format(bookSchema)),
      judge: conforming,
    },
    {
      id: 'json-schema-bad',
      title: 'A schema that is none is refused',
      level: 'warning',
      rule: '400 with an error object.',
      remedy: impossible('Only the endpoint knows what its decoder can do.'),
      ask: (facts) => ask(facts, format({ type: 'no-such-type', properties: 7 })),
      judge: impossibleSchema,
    },
  ],
)
