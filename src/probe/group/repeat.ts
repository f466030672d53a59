/** What only repetition shows: how far an endpoint agrees with itself, and how fast it is. */

import { chat, room, user } from '#probe/chat/ask.ts'
import { firstChoice, usageOfChat } from '#probe/chat/reading.ts'
import { answersOf, declinableAnswersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import type { Exchange } from '#probe/exchange.ts'
import { quantile } from '#probe/interval.ts'
import type { Findings } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { countAt } from '#probe/wire-events.ts'
import { client, groupOf, impossible } from './define.ts'

const copies = 20
const agreementMin = 0.5

const agreeing: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['temperature']), (readings, findings) => {
    const counts = new Map<string, number>()
    for (const reading of readings) {
      const { content } = firstChoice(reading)
      counts.set(content, (counts.get(content) ?? 0) + 1)
    }
    const most = Math.max(...counts.values())
    findings.measure('self_agreement', most / readings.length)
    findings.measure('different_answers', counts.size)
    findings.note(
      `${most} of ${readings.length} answers are the same: this is the noise under any comparison with another endpoint.`,
    )
    findings.must(
      most / readings.length >= agreementMin,
      `At temperature 0 only ${most} of ${readings.length} answers agree.`,
    )
    findings.should(counts.size === 1, `At temperature 0 there are ${counts.size} different answers.`)
    return undefined
  })

const sizes: readonly (readonly [name: string, words: number])[] = [
  ['short', 10],
  ['middle', 500],
  ['long', 2_000],
]
const callsPerSize = 5

const timed = (facts: Facts) =>
  sizes.flatMap(([, words]) =>
    Array.from({ length: callsPerSize }, (_, index) =>
      chat(
        facts,
        { messages: [user(`${facts.nonce}-${index}${' sea'.repeat(words)}\nCount from 1 to 20.`)], ...room(facts, 64) },
        { asStream: true },
      ),
    ),
  )

/** A person waits this long for the first word, no longer. */
const firstTokenMsMax = 10_000

const profile = (name: string, had: readonly Exchange[], findings: Findings): void => {
  const firsts = had.flatMap(({ pieces }) => pieces[0]?.atMs ?? [])
  const perToken = had.flatMap((exchange) => {
    const answers = answersOf([exchange])
    const reading = Array.isArray(answers) ? answers[0] : undefined
    const told = reading === undefined ? null : countAt(usageOfChat(reading) ?? {}, 'completion_tokens')
    const tokens = told ?? reading?.wire.events.length ?? 0
    const [first] = exchange.pieces
    return first === undefined || tokens < 2 ? [] : [(exchange.endMs - first.atMs) / (tokens - 1)]
  })
  const put = (label: string, value: number | null): void => {
    if (value !== null) findings.measure(`${name}_${label}`, Math.round(value * 100) / 100)
  }
  put('ttft_p50_ms', quantile(firsts, 0.5))
  put('ttft_p99_ms', quantile(firsts, 0.99))
  put('per_token_p50_ms', quantile(perToken, 0.5))
  put('per_token_p99_ms', quantile(perToken, 0.99))
  findings.must(
    (quantile(firsts, 0.5) ?? 0) <= firstTokenMsMax,
    `With a ${name} prompt the first token takes ${Math.round(quantile(firsts, 0.5) ?? 0)} ms in the middle.`,
  )
}

const fast: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), (_readings, findings) => {
    for (const [place, [name]] of sizes.entries())
      profile(name, had.slice(place * callsPerSize, (place + 1) * callsPerSize), findings)
    return undefined
  })

export const repeatProbes = groupOf({ group: 'repetition' }, [
  {
    id: 'determinism',
    title: 'Twenty answers at temperature 0',
    level: 'warning',
    rule: 'At least half of them are the same; what is told is the noise floor.',
    remedy: impossible('Compare with a margin: no vendor promises equal answers.'),
    dependents: { parameters: ['temperature', 'seed'] },
    ask: (facts) =>
      Array.from({ length: copies }, () =>
        chat(facts, {
          messages: [user('Describe the sea in one short sentence.')],
          ...room(facts, 48),
          temperature: 0,
        }),
      ),
    judge: agreeing,
  },
  {
    id: 'latency',
    title: 'Time to the first token and per token, for three sizes of prompt',
    level: 'warning',
    modes: ['stream'],
    alone: true,
    rule: 'In the middle the first token comes within 10 s; the figures are in the report.',
    remedy: client('Take a region that is nearer, or a smaller model; Drover can route by latency.'),
    ask: timed,
    judge: fast,
  },
])
