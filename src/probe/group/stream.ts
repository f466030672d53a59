/** The stream itself: framing, first delta, finish reason, silence. */

import { chat, room, say, user } from '#probe/chat/ask.ts'
import type { ChatReading } from '#probe/chat/reading.ts'
import { firstChoice } from '#probe/chat/reading.ts'
import { answersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import type { Exchange } from '#probe/exchange.ts'
import type { Findings } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { objectAt, objectsAt, parsed, textAt } from '#probe/wire-events.ts'
import { groupOf, relay, shim } from './define.ts'

const sentence = 'Repeat this sentence and nothing else: The ship sails at dawn with nine sailors on board.'
const quiet = 'Repeat this sentence and nothing else: A quiet bell rings over the bay at noon.'
const speak = (facts: Facts) => [say(facts, sentence)]

const framing: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    const type = had[0]?.headers['content-type'] ?? ''
    const wire = reading?.wire
    findings.must(type.startsWith('text/event-stream'), `The stream has the type '${type}'.`)
    findings.must(wire?.form === 'events' && wire.events.length > 0, 'There are no "data:" events.')
    findings.must((wire?.broken.length ?? 0) === 0, `An event is no JSON: ${wire?.broken[0]?.slice(0, 80)}`)
    findings.must(wire?.done === true, 'The stream ends without [DONE].')
    findings.should((wire?.afterDone ?? 0) === 0, 'Events come after [DONE].')
    findings.should((wire?.unclosed ?? 0) === 0, 'The last event has no blank line.')
    return undefined
  })

const commentsInside = ({ body }: Exchange): boolean => /^data: *:/m.test(body.toString('latin1'))

const comments: Probe['judge'] = (had, { stream }) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    const [exchange] = had
    if (exchange === undefined || reading === undefined) return undefined
    const text = exchange.body.toString('utf8')
    if (stream) {
      findings.must(!commentsInside(exchange), 'A comment comes as data.')
      const empty = (reading.wire.broken ?? []).filter((data) => data.trim() === '')
      findings.must(empty.length === 0, 'Events with empty data come: clients parse them and fail.')
      if (reading.wire.comments > 0) findings.note(`${reading.wire.comments} comments were sent, which clients skip.`)
      return undefined
    }
    findings.must(parsed(text) !== undefined, 'The body is not one JSON document.')
    findings.should(!/^\s/.test(text), 'Blanks or blank lines come before the JSON.')
    return undefined
  })

const envelope: Probe['judge'] = (had, { stream }) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    if (reading === undefined) return undefined
    const wanted = stream ? 'chat.completion.chunk' : 'chat.completion'
    findings.must(firstChoice(reading).role === 'assistant', 'No delta or message has the role "assistant".')
    findings.must(
      reading.ids.length === 1,
      `The id ${reading.ids.length === 0 ? 'is missing' : 'changes within the answer'}.`,
    )
    findings.must(
      reading.models.length === 1,
      `The model ${reading.models.length === 0 ? 'is missing' : 'changes within the answer'}.`,
    )
    findings.must(
      reading.objects.length === 1,
      `"object" ${reading.objects.length === 0 ? 'is missing' : 'changes within the answer'}.`,
    )
    findings.should(reading.objects[0] === wanted, `"object" is '${reading.objects[0]}', not '${wanted}'.`)
    findings.should(
      reading.created.length === 1,
      `"created" ${reading.created.length === 0 ? 'is missing' : 'changes within the answer'}.`,
    )
    const first = reading.wire.events.find(({ json }) => objectsAt(json, 'choices').length > 0)
    const [choice] = objectsAt(first?.json, 'choices')
    findings.should(
      !stream || textAt(objectAt(choice, 'delta'), 'role') === 'assistant',
      'The first delta has no role.',
    )
    return undefined
  })

const echo: Probe['judge'] = (had, { model }) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    const said = reading?.models[0] ?? ''
    const isSnapshot = said.startsWith(model) || model.endsWith(said) || said.endsWith(model)
    findings.must(
      said === model || (isSnapshot && said !== ''),
      `'${model}' is answered by '${said}': an alias resolves silently.`,
    )
    findings.should(said === model, `The answer names '${said}'.`)
    return undefined
  })

const finishOf = (reading: ChatReading, findings: Findings): void => {
  const { finishes, afterFinish } = firstChoice(reading)
  findings.must(finishes.length > 0, 'No finish reason comes: a whole answer and a broken one look alike.')
  findings.must(new Set(finishes).size < 2, `Different finish reasons come: ${finishes.join(', ')}.`)
  findings.should(finishes.length < 2, `The finish reason comes ${finishes.length} times.`)
  findings.must(!afterFinish, 'The answer goes on after its finish reason.')
  const known = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call']
  findings.must(
    finishes.every((finish) => known.includes(finish)),
    `'${finishes.find((finish) => !known.includes(finish))}' is no finish reason that clients know.`,
  )
}

const finish: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), (readings, findings) => {
    for (const reading of readings) finishOf(reading, findings)
    return undefined
  })

/** A proxy in between closes what is silent for longer. */
const silenceMsMax = 25_000
/** A quick answer may well arrive in one packet; a slow one that does was held back. */
const bufferedMsMin = 1_500

const silence: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), (_readings, findings) => {
    const [exchange] = had
    const times = [0, ...(exchange?.pieces.map(({ atMs }) => atMs) ?? [])]
    const longest = Math.max(0, ...times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0)))
    findings.measure('longest_silence_ms', Math.round(longest))
    findings.must(
      longest <= silenceMsMax,
      `Nothing came for ${Math.round(longest / 1000)} s: proxies close what is silent.`,
    )
    const isBuffered = exchange?.pieces.length === 1 && exchange.endMs > bufferedMsMin
    findings.must(!isBuffered, 'The stream comes in one piece: it is buffered on the way.')
    return undefined
  })

export const streamProbes = groupOf({ group: 'stream' }, [
  {
    id: 'stream-framing',
    title: 'Server-sent events that end with [DONE]',
    level: 'blocking',
    modes: ['stream'],
    rule: 'text/event-stream, JSON in every "data:", [DONE] at the end.',
    known: ['Cerebras, Perplexity and Hugging Face end without [DONE] (recordings)'],
    remedy: relay('Drover marks a stream without its end as cut, so that a half answer is not taken for a whole one.'),
    dependents: 'streams',
    ask: speak,
    judge: framing,
  },
  {
    id: 'stream-comments',
    title: 'Comments and blank lines are where clients skip them',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: 'Comments come between events and never as data; a whole answer is one JSON document.',
    remedy: shim(
      'Drover reads past comments, keep-alives and blank lines, and passes them on where the caller can take them.',
    ),
    known: ['DeepSeek sends ": keep-alive", and blank lines before JSON', 'OpenRouter sends ": OPENROUTER PROCESSING"'],
    ask: (facts) => [say(facts, quiet)],
    judge: comments,
  },
  {
    id: 'stream-envelope',
    title: 'Role, id, object, created and model are there and stay',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: 'The first delta has the role; id, object and model are the same in every event.',
    remedy: relay(
      'Where Drover translates, it writes one envelope; between equal protocols the bytes stay as they came.',
    ),
    known: ['Azure begins with an event without choices', 'Gemini changes the id with every event'],
    ask: speak,
    judge: envelope,
  },
  {
    id: 'model-echo',
    title: 'The answer names the model that was asked for',
    level: 'warning',
    modes: ['plain', 'stream'],
    rule: 'The same id, or a snapshot of it.',
    remedy: relay('x-drover-model and the record say what answered.'),
    known: ['aliases resolve silently at most vendors', 'llama.cpp names its file'],
    ask: speak,
    judge: echo,
  },
  {
    id: 'finish-reason',
    title: 'Exactly one finish reason, at the end',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: 'One finish reason that is not null, with nothing after it; the same one again is a stray.',
    remedy: shim('Drover reads foreign words (eos, end_turn, model_length); a stream without any ends as cut.'),
    known: [
      'K2.5 through some hosts leaves it out after tool calls',
      'Mistral says "model_length"',
      'OpenRouter and Avian repeat it with usage',
    ],
    ask: (facts) => [
      chat(facts, { messages: [user(sentence)], ...room(facts, 64) }),
      chat(facts, {
        messages: [user('Count from 1 to 200, separated by commas.')],
        ...room({ ...facts, thinks: false }, 8),
      }),
    ],
    judge: finish,
  },
  {
    id: 'stream-silence',
    title: 'A stream is not silent for long, and not buffered',
    level: 'blocking',
    modes: ['stream'],
    rule: 'No more than 25 s between two pieces, and not all in one piece after a while.',
    remedy: relay('Drover fills silence with comments every 15 s.'),
    known: ['models that think in silence'],
    dependents: 'streams',
    ask: speak,
    judge: silence,
  },
])
