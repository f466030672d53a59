/** Parameters: taken, clamped, ignored or refused; what matters is that it can be known. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { chat, say, user } from '#probe/chat/ask.ts'
import type { ChatReading } from '#probe/chat/reading.ts'
import { firstChoice, usageOfChat } from '#probe/chat/reading.ts'
import { declinableAnswersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import type { Exchange } from '#probe/exchange.ts'
import type { Judgement } from '#probe/judgement.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { countAt, errorOf, objectsAt, refusalText, textAt } from '#probe/wire-events.ts'
import { client, groupOf, relay, shim } from './define.ts'

const short = 'Name a fruit. One word.'
const temperatures = [0, 1, 1.5, 2]

/** Each value is answered, or refused in a way that names the field. */
const known = (had: readonly Exchange[], values: readonly Json[], field: string): Judgement => {
  const findings = new Findings()
  const taken: string[] = []
  const refused: string[] = []
  for (const [place, exchange] of had.entries()) {
    const value = String(values[place])
    const broken = brokenBy(exchange)
    if (broken !== null) return failed(`${field} ${value} breaks it: ${broken}.`)
    if (exchange.status === 200) taken.push(value)
    else {
      refused.push(value)
      findings.must(exchange.status < 500, `${field} ${value} is answered with ${exchange.status}.`)
      findings.must(errorOf(exchange) !== null, `${field} ${value} is refused without an error object.`)
      findings.must(
        exchange.body.toString('utf8').toLowerCase().includes(field),
        `${field} ${value} is refused without naming the field: ${refusalText(exchange)}`,
      )
    }
  }
  findings.note(
    `Taken: ${taken.join(', ') || 'none'}${refused.length === 0 ? '' : `; refused: ${refused.join(', ')}`}.`,
  )
  findings.should(refused.length === 0, `${field} ${refused.join(', ')} is refused.`)
  return findings.judgement()
}

const honoured =
  (field: string, judge: (reading: ChatReading, findings: Findings) => Judgement | undefined): Probe['judge'] =>
  (had) =>
    judgeAnswers(declinableAnswersOf(had, [field]), (readings, findings) => {
      for (const reading of readings) {
        const own = judge(reading, findings)
        if (own !== undefined) return own
      }
      return undefined
    })

const taken = (field: string): Probe['judge'] => honoured(field, () => undefined)

const two: Probe['judge'] = honoured('n', (reading, findings) => {
  findings.must(reading.choices.length === 2, `n = 2 gives ${reading.choices.length} choice.`)
  findings.must(
    reading.choices.every(({ finishes }) => finishes.length === 1),
    'Not every choice has its finish reason.',
  )
  return undefined
})

const limited =
  (fields: readonly string[]): Probe['judge'] =>
  (had, { thinks }) =>
    judgeAnswers(declinableAnswersOf(had, fields), ([reading], findings) => {
      if (reading === undefined) return undefined
      const { finishes, content } = firstChoice(reading)
      const output = countAt(usageOfChat(reading) ?? {}, 'completion_tokens')
      // Without usage words are counted: a word is one token at least.
      const spoken = output ?? content.split(/\s+/).filter((word) => word !== '').length
      if (finishes[0] === 'stop' && spoken < limitTokens)
        return unsupported('The model ended by itself before it came to the limit.')
      findings.must(
        output === null || thinks || output <= limitTokens,
        `${output} tokens come, where ${limitTokens} were allowed.`,
      )
      findings.should(output === null || output <= limitTokens, 'What the model thinks is not held to the limit.')
      findings.must(
        finishes[0] === 'length',
        `An answer that was cut ends with '${finishes[0] ?? 'nothing'}', not 'length'.`,
      )
      return undefined
    })

const limitTokens = 8
const long = 'Count from 1 to 300 in words, separated by commas, without leaving any out.'

const stopWord = 'HALT'
const stopText = `Repeat exactly: alpha beta ${stopWord} gamma`

const stopped: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['stop']), (readings, findings) => {
    for (const reading of readings) {
      const { content, finishes } = firstChoice(reading)
      findings.must(
        !content.includes(stopWord) && !content.includes('gamma'),
        'The answer goes on past its stop sequence, or has it in.',
      )
      findings.must(finishes[0] === 'stop', `A stopped answer ends with '${finishes[0] ?? 'nothing'}'.`)
    }
    return undefined
  })

const logprobs: Probe['judge'] = honoured('logprobs', (reading, findings) => {
  const { logprobs: given } = firstChoice(reading)
  findings.must(given !== null, 'logprobs are ignored: none come.')
  const [first] = objectsAt(given ?? {}, 'content')
  findings.must(
    given === null || (first !== undefined && typeof first['logprob'] === 'number' && textAt(first, 'token') !== ''),
    'logprobs.content has no token with its logprob.',
  )
  findings.must(given === null || objectsAt(first, 'top_logprobs').length > 0, 'top_logprobs are missing.')
  return undefined
})

const biased: Probe['judge'] = honoured('logit_bias', () => undefined)

const cleanly: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return failed('Nothing was asked.')
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`An unknown field breaks it: ${broken}.`)
  const findings = new Findings()
  findings.must(
    exchange.status === 200 || errorOf(exchange) !== null,
    `The refusal has no error object: ${refusalText(exchange)}`,
  )
  findings.note(
    exchange.status === 200 ? 'Unknown fields are ignored.' : `Unknown fields are refused: ${refusalText(exchange)}`,
  )
  findings.should(exchange.status === 200, 'Unknown fields are refused.')
  return findings.judgement()
}

const legacy: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['functions', 'function_call']), ([reading], findings) => {
    if (reading === undefined) return undefined
    const { functionCall, tools } = firstChoice(reading)
    findings.must(functionCall || tools.length > 0, 'functions are ignored: no call comes.')
    findings.should(functionCall || tools.length === 0, 'functions are answered by tool_calls.')
    return undefined
  })

const once =
  (body: JsonObject, text = short) =>
  (facts: Facts) => [say(facts, text, { tokens: 64, ...body })]

const limitedBy = (fields: readonly string[]) => (facts: Facts) => [
  chat(
    facts,
    { messages: [user(long)], ...Object.fromEntries(fields.map((field) => [field, limitTokens])) },
    { outputTokensMax: limitTokens },
  ),
]

export const parameterProbes = groupOf({ group: 'parameters' }, [
  {
    id: 'temperature',
    title: 'What becomes of temperature 0, 1, 1.5 and 2 is known',
    level: 'blocking',
    rule: 'Each is answered, or refused with a 400 that names it.',
    remedy: shim('params: shim sets the fixed value, or clamps to the range, that the catalog has for the model.'),
    known: [
      'Kimi takes 0 to 1, and k2.5 and later one fixed value',
      "Anthropic's compatible endpoint clamps to 1",
      'DeepSeek ignores it while thinking',
    ],
    dependents: { parameters: ['temperature'] },
    ask: (facts) => temperatures.map((temperature) => say(facts, short, { tokens: 16, temperature })),
    judge: (had) => known(had, temperatures, 'temperature'),
  },
  {
    id: 'top-p',
    title: 'top_p',
    level: 'warning',
    rule: 'Answered, or refused clearly.',
    remedy: shim('params: shim adjusts or cuts it as the catalog says.'),
    known: ['Kimi k2.5 and later: fixed'],
    dependents: { parameters: ['top_p'] },
    ask: once({ top_p: 0.9 }),
    judge: taken('top_p'),
  },
  {
    id: 'penalties',
    title: 'frequency_penalty and presence_penalty',
    level: 'warning',
    rule: 'Answered, or refused clearly.',
    remedy: shim('params: shim cuts them where the model refuses them.'),
    known: ['Kimi k2.5 and later: refused unless 0', "Anthropic's compatible endpoint ignores them"],
    dependents: { parameters: ['frequency_penalty', 'presence_penalty'] },
    ask: once({ frequency_penalty: 0.5, presence_penalty: 0.5 }),
    judge: taken('penalty'),
  },
  {
    id: 'choices',
    title: 'n = 2 gives two choices',
    level: 'warning',
    modes: ['plain', 'stream'],
    rule: 'Two choices with a finish reason each, or a clear refusal.',
    remedy: client('Ask twice.'),
    known: ["Anthropic's compatible endpoint takes n = 1 only", 'Gemini, Groq and many engines refuse it'],
    dependents: { parameters: ['n'] },
    ask: once({ n: 2 }),
    judge: two,
  },
  {
    id: 'choices-cold',
    title: 'n = 2 with temperature 0',
    level: 'warning',
    rule: 'Two choices, or a clear refusal.',
    remedy: client('Ask for one: two would be the same.'),
    known: ['Kimi refuses n above 1 near temperature 0'],
    dependents: { parameters: ['n'] },
    ask: once({ n: 2, temperature: 0 }),
    judge: two,
  },
  {
    id: 'logit-bias',
    title: 'logit_bias',
    level: 'warning',
    rule: 'Taken, or refused clearly.',
    remedy: client('Token ids belong to one tokenizer: leave it out on another model.'),
    dependents: { parameters: ['logit_bias'] },
    ask: once({ logit_bias: { '1734': -100 } }),
    judge: biased,
  },
  {
    id: 'seed',
    title: 'seed',
    level: 'warning',
    rule: 'Taken, or refused clearly.',
    remedy: client('Leave it out; no vendor promises equal answers.'),
    known: ["Anthropic's compatible endpoint ignores it", 'Mistral calls it random_seed'],
    dependents: { parameters: ['seed'] },
    ask: once({ seed: 7 }),
    judge: taken('seed'),
  },
  {
    id: 'max-tokens',
    title: 'max_tokens is obeyed',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: 'No more tokens than allowed, and the finish reason "length"; or a clear refusal.',
    remedy: shim('The catalog renames it where a model knows max_completion_tokens only.'),
    known: ['OpenAI models that think refuse it'],
    dependents: { parameters: ['max_tokens'] },
    ask: limitedBy(['max_tokens']),
    judge: limited(['max_tokens']),
  },
  {
    id: 'max-completion-tokens',
    title: 'max_completion_tokens is obeyed',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: 'No more tokens than allowed, and the finish reason "length"; or a clear refusal.',
    remedy: shim('Vendors that know max_tokens only have it renamed.'),
    known: ['older engines ignore it', 'Mistral refuses it'],
    dependents: { parameters: ['max_completion_tokens'] },
    ask: limitedBy(['max_completion_tokens']),
    judge: limited(['max_completion_tokens']),
  },
  {
    id: 'max-both',
    title: 'max_tokens and max_completion_tokens together',
    level: 'warning',
    rule: 'Obeyed, or refused clearly.',
    remedy: relay('Where both are given the one that the model knows wins, with a warning.'),
    dependents: { parameters: ['max_tokens', 'max_completion_tokens'] },
    ask: limitedBy(['max_tokens', 'max_completion_tokens']),
    judge: limited(['max_tokens', 'max_completion_tokens']),
  },
  {
    id: 'stop',
    title: 'stop as text, as a list, and in another script',
    level: 'warning',
    modes: ['plain', 'stream'],
    rule: 'The answer ends before the sequence, with the finish reason "stop".',
    remedy: client('Cut the answer at the sequence yourself.'),
    known: ['models that think may ignore it'],
    dependents: { parameters: ['stop'] },
    ask: (facts) => [say(facts, stopText, { stop: stopWord }), say(facts, stopText, { stop: ['終わり', stopWord] })],
    judge: stopped,
  },
  {
    id: 'stop-too-many',
    title: 'More stop sequences than the API takes',
    level: 'info',
    rule: 'Answered, or refused with a 400 that names them.',
    remedy: client('Send at most four.'),
    dependents: { parameters: ['stop'] },
    ask: once({ stop: ['q1', 'q2', 'q3', 'q4', 'q5', 'q6'] }),
    judge: taken('stop'),
  },
  {
    id: 'logprobs',
    title: 'logprobs and top_logprobs',
    level: 'warning',
    modes: ['plain', 'stream'],
    rule: 'logprobs.content has tokens with alternatives, or the field is refused clearly.',
    remedy: client('Do without, or keep such calls on a provider that has them.'),
    known: ['DeepSeek R1 refused them', "Anthropic's and Gemini's compatible endpoints ignore them"],
    dependents: { parameters: ['logprobs', 'top_logprobs'] },
    ask: once({ logprobs: true, top_logprobs: 2 }),
    judge: logprobs,
  },
  {
    id: 'functions-legacy',
    title: 'functions and function_call',
    level: 'warning',
    rule: 'A function_call comes, or the field is refused clearly.',
    remedy: client('Write tools and tool_choice instead.'),
    known: ['Kimi does not take functions'],
    dependents: { parameters: ['functions', 'function_call'] },
    ask: (facts) => [
      say(facts, 'Use the get_time tool for Oslo.', {
        tokens: 128,
        functions: [
          {
            name: 'get_time',
            description: 'Gives the time.',
            parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
          },
        ],
        function_call: { name: 'get_time' },
      }),
    ],
    judge: legacy,
  },
  {
    id: 'unknown-fields',
    title: 'What becomes of unknown fields is known',
    level: 'warning',
    rule: 'Ignored, or refused with an error object.',
    remedy: relay('Drover cuts its own fields and sends all others on.'),
    known: ['Mistral and OpenAI refuse them', 'most engines ignore them'],
    ask: once({ drover_probe_unknown: { depth: [1, 2] } }),
    judge: cleanly,
  },
])
