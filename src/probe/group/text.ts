/** Text as it is: every character whole, and no marker of the model's own format in it. */

import { room, say, weatherTool } from '#probe/chat/ask.ts'
import { firstChoice } from '#probe/chat/reading.ts'
import { answersOf, judgeAnswers, leakedMarker } from '#probe/chat/verdict.ts'
import type { Exchange } from '#probe/exchange.ts'
import { unsupported } from '#probe/judgement.ts'
import type { Probe } from '#probe/probe.ts'
import { groupOf, impossible } from './define.ts'

/** Each piece is one that a careless cut or a wrong charset breaks. */
const pieces = [
  'Grüße',
  '東京で会いましょう',
  '👩‍👩‍👧‍👦',
  'שלום עולם',
  'naïve café',
  '𝄞',
  'Ω≈ç√∫',
  '\\n is two characters',
]
const mangled = /\uFFFD|Ã.|â€|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]|\0/

const exact: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    if (reading === undefined) return undefined
    const { content, reasoning } = firstChoice(reading)
    const held = pieces.filter((piece) => content.includes(piece))
    findings.must(
      reading.wire.brokenText === 0,
      'The bytes are not valid UTF-8: a character is cut between two events.',
    )
    findings.must(!mangled.test(content + reasoning), 'The text has broken characters in it.')
    findings.should(!/\uFEFF/.test(content), 'The text has a byte order mark in it.')
    const isClean = reading.wire.brokenText === 0 && !mangled.test(content + reasoning)
    if (isClean && held.length < pieces.length / 2)
      return unsupported('The model does not repeat the text, so that nothing can be compared.')
    findings.must(
      held.length === pieces.length,
      `These did not come back as sent: ${pieces.filter((piece) => !held.includes(piece)).join(' | ')}`,
    )
    return undefined
  })

/** Where tools are refused, plain text still can be read. */
const readable = (had: readonly Exchange[]): readonly Exchange[] =>
  had.filter(({ status, ask }) => status === 200 || ask.body?.['tools'] === undefined)

const unmarked: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(readable(had)), (readings, findings) => {
    for (const reading of readings) {
      const { content, tools } = firstChoice(reading)
      const marker = leakedMarker(content) ?? leakedMarker(tools.map(({ input, name }) => `${name} ${input}`).join(' '))
      findings.must(marker === null, `'${marker}' stands in the text.`)
    }
    return undefined
  })

export const textProbes = groupOf({ group: 'text', modes: ['plain', 'stream'] }, [
  {
    id: 'text-exact',
    title: 'Every character arrives whole',
    level: 'blocking',
    rule: 'Emoji, CJK, right-to-left text and escapes come back as sent; every event is valid UTF-8.',
    remedy: impossible('Drover passes bytes on as they came; what is broken at the source stays so.'),
    ask: (facts) => [
      say(facts, `Repeat the following lines exactly, with nothing before or after them.\n${pieces.join('\n')}`, {
        tokens: 256,
      }),
    ],
    judge: exact,
  },
  {
    id: 'text-markers',
    title: "The model's own markers do not leak",
    level: 'warning',
    rule: 'Neither text nor tool input has <think>, <|tool_call…|>, [TOOL_CALLS] and the like in it.',
    remedy: impossible(
      'The parser of the serving engine must be mended (vLLM: --tool-call-parser, --reasoning-parser).',
    ),
    known: ['vLLM and SGLang with the wrong parser (vllm #32216, sglang #23341)'],
    ask: (facts) => [
      say(facts, 'What is 17 times 23? Answer with the number.', { tokens: 256 }),
      say(facts, 'Use the get_weather tool for Oslo.', { tokens: 256, tools: [weatherTool], ...room(facts, 256) }),
    ],
    judge: unmarked,
  },
])
