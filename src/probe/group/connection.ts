/** Connections: leaving, many at once, compression, size, versions of HTTP. */

import { Buffer } from 'node:buffer'
import { chat, room, say, user } from '#probe/chat/ask.ts'
import { firstChoice, readChat } from '#probe/chat/reading.ts'
import { answersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import type { Ask, Exchange } from '#probe/exchange.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { errorOf, refusalText } from '#probe/wire-events.ts'
import { client, groupOf, impossible, relay } from './define.ts'

const longAnswer = 'Write a story of a thousand words about a lighthouse.'
const short = (facts: Facts): Ask => say(facts, 'Say OK.', { tokens: 16 })

/** What a call after an abort may take beyond what the same call took before. */
const freeWithinMs = 2_000

const leaving = (facts: Facts): Ask =>
  chat(
    facts,
    { messages: [user(`${facts.nonce} ${longAnswer}`)], ...room(facts, 1_500) },
    { asStream: true, leaveAfterPieces: 2 },
  )

const freed: Probe['judge'] = (had) => {
  const [before, ...rest] = had
  const after = rest.at(-1)
  if (before === undefined || after === undefined) return unsupported('Nothing was asked.')
  const broken = brokenBy(after)
  if (broken !== null) return failed(`After a client has left, the next call fails: ${broken}.`)
  const findings = new Findings()
  const waitedMs = after.endMs - before.endMs
  findings.measure('call_before_ms', Math.round(before.endMs))
  findings.measure('call_after_ms', Math.round(after.endMs))
  findings.must(after.status === 200, `After a client has left, the next call is refused: ${refusalText(after)}`)
  findings.must(
    waitedMs <= freeWithinMs,
    `After clients have left, a call takes ${Math.round(waitedMs)} ms longer: their slots are not freed.`,
  )
  findings.note('Whether billing stops as well cannot be seen from outside.')
  return findings.judgement()
}

const isLimit = ({ status }: Exchange): boolean => status === 429 || status === 503 || status === 529

const manyStreams: Probe['judge'] = (had) => {
  const findings = new Findings()
  const limited = had.filter(isLimit).length
  const whole = had.filter(
    (exchange) =>
      exchange.status === 200 &&
      exchange.end === 'complete' &&
      readChat(exchange).choices.some(({ finishes }) => finishes.length > 0),
  )
  findings.measure('streams', had.length)
  findings.measure('whole', whole.length)
  findings.measure('limited', limited)
  findings.must(whole.length > 0, `Of ${had.length} streams at once none was whole.`)
  findings.must(
    whole.length + limited === had.length,
    `Of ${had.length} streams at once ${had.length - whole.length - limited} broke, without a 429 or 503.`,
  )
  findings.should(limited === 0, `${limited} of ${had.length} streams were limited.`)
  return findings.judgement()
}

const compressed: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    findings.must(
      reading !== undefined && reading.choices.length > 0,
      'With accept-encoding: gzip no answer can be read.',
    )
    findings.note(`content-encoding: ${had[0]?.headers['x-probe-encoding'] ?? 'none'}.`)
    return undefined
  })

const expected: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return unsupported('Nothing was asked.')
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`A client that waits for 100 Continue gets no answer: ${broken}.`)
  const findings = new Findings()
  findings.must([200, 417].includes(exchange.status), `It is answered with ${refusalText(exchange)}`)
  findings.should(
    exchange.continued || exchange.status === 417,
    'No 100 Continue comes: such clients wait in vain before they send.',
  )
  return findings.judgement()
}

const bodyBytes = 10 * 1024 * 1024

/** Blanks between the members: large for the server to read, and no token for the model. */
const large = (facts: Facts): Ask => {
  const { body } = short(facts)
  const text = JSON.stringify(body)
  const bytes = Buffer.concat([Buffer.from('{'), Buffer.alloc(bodyBytes, ' '), Buffer.from(text.slice(1))])
  return { ...short(facts), raw: { bytes, contentType: 'application/json' } }
}

const taken: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return unsupported('Nothing was asked.')
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`A body of 10 MiB breaks it: ${broken}.`)
  if (exchange.status === 413 || exchange.status === 400) {
    const says = errorOf(exchange) !== null || exchange.status === 413
    return says ? unsupported(`It is refused: ${refusalText(exchange)}`) : failed('The refusal says nothing.')
  }
  const findings = new Findings()
  findings.must(exchange.status === 200, `It is answered with ${refusalText(exchange)}`)
  return findings.judgement()
}

const secondVersion: Probe['judge'] = ([exchange]) => {
  if (exchange === undefined) return unsupported('HTTP/2 needs https.')
  if (exchange.end === 'unreachable') return unsupported(`No HTTP/2: ${exchange.fault ?? ''}`)
  const broken = brokenBy(exchange)
  if (broken !== null) return failed(`Over HTTP/2: ${broken}.`)
  const findings = new Findings()
  findings.must(
    exchange.status === 200 && firstChoice(readChat(exchange)).finishes.length > 0,
    `Over HTTP/2: ${refusalText(exchange)}`,
  )
  return findings.judgement()
}

export const connectionProbes = groupOf({ group: 'connection' }, [
  {
    id: 'client-leaves',
    title: 'A client that leaves frees its slot',
    level: 'blocking',
    modes: ['stream'],
    alone: true,
    seesRefusals: true,
    laterCalls: 5,
    rule: 'After four streams were left, a call takes at most 2 s longer than before.',
    remedy: relay(
      'Drover closes the connection upstream at once, or drains it where the vendor bills the whole answer anyway.',
    ),
    known: ['vLLM frees at the next step', 'some proxies read on to the end'],
    dependents: 'streams',
    ask: [
      (facts) => [short(facts)],
      (facts) => Array.from({ length: 4 }, () => leaving(facts)),
      (facts) => [short(facts)],
    ],
    judge: freed,
  },
  {
    id: 'streams-at-once',
    title: 'Many streams at once',
    level: 'warning',
    modes: ['stream'],
    alone: true,
    seesRefusals: true,
    rule: 'Each of them (--parallel, 100) is whole, or is refused with 429 or 503.',
    remedy: relay(
      'Drover queues nothing and sheds load with 503; concurrency limits per key keep a burst from the vendor.',
    ),
    dependents: 'streams',
    ask: (facts) => Array.from({ length: facts.parallel }, () => short(facts)),
    judge: manyStreams,
  },
  {
    id: 'compression',
    title: 'accept-encoding: gzip',
    level: 'warning',
    modes: ['plain', 'stream'],
    rule: 'The answer can be read.',
    remedy: relay('Drover asks upstream for identity.'),
    ask: (facts) => [{ ...short(facts), headers: { 'accept-encoding': 'gzip' } }],
    judge: compressed,
  },
  {
    id: 'expect-continue',
    title: 'Expect: 100-continue',
    level: 'warning',
    rule: 'Answered, or refused with 417.',
    remedy: relay('Drover answers it itself.'),
    ask: (facts) => [{ ...short(facts), expectContinue: true }],
    judge: expected,
  },
  {
    id: 'body-large',
    title: 'A body of 10 MiB',
    level: 'warning',
    rule: 'Answered, or refused with 413 or a clear 400.',
    remedy: client('Send files by their ids, or raise server.body_limit on a relay.'),
    ask: (facts) => [large(facts)],
    judge: taken,
  },
  {
    id: 'http-2',
    title: 'HTTP/2',
    level: 'info',
    rule: 'The same answer over it.',
    remedy: impossible('Clients fall back to HTTP/1.1 by themselves.'),
    ask: (facts) => (facts.isSecure ? [{ ...short(facts), over: 'http2' }] : []),
    judge: secondVersion,
  },
])
