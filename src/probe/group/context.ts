/** Long prompts: what fits, what does not, what is found in them, and what a second one costs. */

import { chat, room, user } from '#probe/chat/ask.ts'
import { firstChoice, usageOfChat } from '#probe/chat/reading.ts'
import { answersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { countAt, errorOf, objectAt, refusalText } from '#probe/wire-events.ts'
import { client, groupOf, impossible, relay } from './define.ts'

/** One word of one token in every tokenizer that is known, and the blank before it. */
const word = ' the'

/** A prompt of about so many tokens. */
const filled = (facts: Facts, tokens: number, directive = '') =>
  chat(facts, { messages: [user(`${directive}${facts.nonce}${word.repeat(tokens)}\nSay OK.`)], ...room(facts, 16) })

const unknown = 'The size of the context is unknown (--context-tokens).'

const fits: Probe['judge'] = (had) => {
  if (had.length === 0) return unsupported(unknown)
  return judgeAnswers(answersOf(had), ([reading], findings) => {
    const count = reading === undefined ? null : countAt(usageOfChat(reading) ?? {}, 'prompt_tokens')
    if (count !== null) findings.measure('prompt_tokens', count)
    return undefined
  })
}

const exceeds: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return unsupported(unknown)
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`A prompt that is too long breaks it: ${broken}.`)
  const findings = new Findings()
  findings.must(exchange.status >= 400, 'A prompt longer than the context is answered: it was cut without a word.')
  findings.must([200, 400, 413, 422].includes(exchange.status), `It is refused with ${exchange.status}.`)
  findings.must(
    exchange.status < 400 || errorOf(exchange) !== null,
    `The refusal has no error object: ${refusalText(exchange)}`,
  )
  const says = exchange.body.toString('utf8')
  findings.must(
    exchange.status < 400 || /context|too long|length|token|large/i.test(says),
    `The refusal does not say why: ${refusalText(exchange)}`,
  )
  findings.should(
    exchange.status < 400 || says.includes('context_length_exceeded'),
    'The code is not context_length_exceeded.',
  )
  return findings.judgement()
}

const depths = [0.1, 0.5, 0.9]
const needleTokens = 6_000
const needles = ['PLUM-4417', 'FERN-2093', 'IRON-8850']

const needle: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), (readings, findings) => {
    for (const [place, reading] of readings.entries())
      findings.must(
        firstChoice(reading).content.includes(needles[place] ?? ''),
        `What stands at ${(depths[place] ?? 0) * 100} % of the prompt is not found.`,
      )
    return undefined
  })

const hidden = (facts: Facts, place: number) => {
  const before = Math.round(needleTokens * (depths[place] ?? 0))
  const text = `${word.repeat(before)}\nThe code is ${needles[place]}.\n${word.repeat(needleTokens - before)}`
  return chat(facts, { messages: [user(`${text}\nWhat is the code? Repeat it.`)], ...room(facts, 64) })
}

const prefixTokens = 3_000
/** The context does not hold the prefix. */
const isTight = ({ contextTokens }: Facts): boolean => contextTokens !== null && contextTokens < prefixTokens * 1.2

const cachedOf = (usage: ReturnType<typeof usageOfChat>): number | null =>
  countAt(objectAt(usage ?? {}, 'prompt_tokens_details'), 'cached_tokens') ??
  countAt(usage ?? {}, 'cached_tokens') ??
  countAt(usage ?? {}, 'prompt_cache_hit_tokens')

const cached: Probe['judge'] = (had) => {
  if (had.length === 0) return unsupported('The context is too small for it.')
  return judgeAnswers(answersOf(had), (readings, findings) => {
    const [first = null, ...later] = readings.map((reading) => cachedOf(usageOfChat(reading)))
    const best = Math.max(0, ...later.map((count) => count ?? 0))
    if (first === null && later.every((count) => count === null)) return unsupported('No cached tokens are told.')
    findings.measure('cached_tokens', best)
    if (best === 0) return unsupported('The second call shows no cached tokens.')
    findings.must((first ?? 0) < best, 'A prompt that is new is told to be cached.')
    const prompts = readings.map((reading) => countAt(usageOfChat(reading) ?? {}, 'prompt_tokens') ?? best)
    findings.must(best <= Math.max(...prompts), 'More tokens are cached than the prompt has.')
    return undefined
  })
}

export const contextProbes = groupOf({ group: 'context' }, [
  {
    id: 'context-fits',
    title: 'A prompt of 90 % of the context is answered',
    level: 'blocking',
    alone: true,
    rule: '200, and an answer.',
    remedy: impossible('The context of the model is what it is; the catalog has the figure.'),
    ask: (facts) => (facts.contextTokens === null ? [] : [filled(facts, Math.floor(facts.contextTokens * 0.9) - 64)]),
    judge: fits,
  },
  {
    id: 'context-exceeded',
    title: 'A prompt of 110 % of the context is refused clearly',
    level: 'blocking',
    alone: true,
    rule: '400 with an error object that says that it is too long.',
    remedy: relay(
      'Drover passes the refusal on as context_length_exceeded, and can fall back to a target with more context.',
    ),
    known: ['Ollama cuts the prompt without a word'],
    ask: (facts) =>
      facts.contextTokens === null ? [] : [filled(facts, Math.ceil(facts.contextTokens * 1.1), facts.provoke.tooLong)],
    judge: exceeds,
  },
  {
    id: 'context-needle',
    title: 'A code is found at three depths of a long prompt',
    level: 'warning',
    rule: 'It is repeated each time.',
    remedy: impossible('The model finds it or does not.'),
    ask: (facts) =>
      facts.contextTokens !== null && facts.contextTokens < needleTokens * 1.2
        ? []
        : depths.map((_, place) => hidden(facts, place)),
    judge: (had, facts) => (had.length === 0 ? unsupported('The context is too small for it.') : needle(had, facts)),
  },
  {
    id: 'prefix-cache',
    title: 'A repeated prefix is cached, and told',
    level: 'warning',
    rule: 'A later call with the same beginning shows cached tokens.',
    remedy: client('Keep what repeats at the front; Drover keeps a conversation on one target (sticky: conversation).'),
    known: ['Kimi: automatic', 'DeepSeek: prompt_cache_hit_tokens', 'Anthropic: only where cache_control asks'],
    laterCalls: 2,
    ask: [1, 2, 3].map(
      (turn) => (facts: Facts) =>
        isTight(facts)
          ? []
          : [
              chat(facts, {
                messages: [
                  { role: 'system', content: `${facts.nonce}${word.repeat(prefixTokens)}` },
                  user(`Say ${turn}.`),
                ],
                ...room(facts, 16),
              }),
            ],
    ),
    judge: cached,
  },
])
