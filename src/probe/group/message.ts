/** Messages: roles, odd but legal shapes, images. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { chat, room, say, user } from '#probe/chat/ask.ts'
import { usageOfChat } from '#probe/chat/reading.ts'
import { answersOf, declinableAnswersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { countAt, errorOf, refusalText } from '#probe/wire-events.ts'
import { client, groupOf, relay } from './define.ts'

const conversation = (facts: Facts, messages: Json) => chat(facts, { messages, ...room(facts, 64) })

const roleCases = (facts: Facts) => [
  conversation(facts, [{ role: 'system', content: 'Answer in one word.' }, user('Name a colour.')]),
  conversation(facts, [
    { role: 'system', content: 'Answer in one word.' },
    { role: 'system', content: 'Use lower case.' },
    user('Name a colour.'),
  ]),
  conversation(facts, [
    user('Name a colour.'),
    { role: 'assistant', content: 'red' },
    { role: 'system', content: 'From now on answer with numbers only.' },
    user('Name a number.'),
  ]),
]

const answered: Probe['judge'] = (had) => judgeAnswers(answersOf(had), () => undefined)

const developer: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['developer', 'role']), () => undefined)

const shapes = (facts: Facts) => [
  conversation(facts, [{ role: 'user', name: 'ada', content: 'Say OK.' }]),
  conversation(facts, [user('Hello.'), { role: 'assistant', content: '' }, user('Say OK.')]),
  conversation(facts, [
    user([
      { type: 'text', text: 'Say' },
      { type: 'text', text: 'OK.' },
    ]),
  ]),
  conversation(facts, [
    user('Look it up.'),
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look_up', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'found' },
  ]),
]

const shapeNames = [
  'a name',
  'empty content of an assistant',
  'text as a list of parts',
  'null content beside tool calls',
]

const shaped: Probe['judge'] = (had) => {
  const findings = new Findings()
  for (const [place, exchange] of had.entries()) {
    const broken = brokenBy(exchange)
    findings.must(
      broken === null && exchange.status === 200,
      `${shapeNames[place]}: ${broken ?? refusalText(exchange)}.`,
    )
  }
  return findings.judgement()
}

/** 8 by 8 pixels of one red, as PNG. */
const redSquare = 'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC'
const imageQuestion = 'Which colour is this? One word.'

const picture = (url: string, more: JsonObject = {}): JsonObject => ({ type: 'image_url', image_url: { url, ...more } })
const withImage = (facts: Facts, image: JsonObject) => say(facts, [{ type: 'text', text: imageQuestion }, image])

const seen: Probe['judge'] = (had) => {
  const [plain, ...pictured] = had
  if (pictured.length === 0) return unsupported('No image on the web was given (--image-url).')
  return judgeAnswers(declinableAnswersOf(had, ['image', 'vision', 'content', 'multimodal']), (readings, findings) => {
    const [without = null, ...within] = readings.map((reading) => countAt(usageOfChat(reading) ?? {}, 'prompt_tokens'))
    if (plain === undefined || without === null || within.some((count) => count === null)) return undefined
    for (const count of within)
      findings.must((count ?? 0) > without, 'The image is ignored: the prompt counts no more tokens than without it.')
    findings.measure('image_tokens', Math.max(...within.map((count) => (count ?? 0) - without)))
    return undefined
  })
}

const unseen: Probe['judge'] = (had) => {
  const findings = new Findings()
  for (const exchange of had) {
    const broken = brokenBy(exchange)
    if (broken !== null) return failed(`What is no image breaks it: ${broken}.`)
    findings.must(
      exchange.status < 400 || errorOf(exchange) !== null,
      `The refusal has no error object: ${refusalText(exchange)}`,
    )
    findings.should(exchange.status >= 400, 'What is no image is taken for one.')
  }
  return findings.judgement()
}

const imageParts = { dependents: { parameters: ['image_url', 'images', 'input_image'] } }

export const messageProbes = groupOf({ group: 'messages' }, [
  {
    id: 'roles',
    title: 'System messages: one, several, and late',
    level: 'blocking',
    rule: 'All are answered.',
    remedy: relay('Where the protocol behind has one place for instructions Drover joins them there, with a warning.'),
    known: ["Anthropic's compatible endpoint moves system messages to the front and joins them"],
    ask: roleCases,
    judge: answered,
  },
  {
    id: 'role-developer',
    title: 'The role developer',
    level: 'blocking',
    rule: 'Answered, or refused clearly.',
    remedy: client('Write "system" instead: every vendor knows it.'),
    ask: (facts) => [
      conversation(facts, [{ role: 'developer', content: 'Answer in one word.' }, user('Name a colour.')]),
    ],
    judge: developer,
  },
  {
    id: 'message-shapes',
    title: 'name, empty content, parts of text, null beside tool calls',
    level: 'warning',
    rule: 'All are answered.',
    remedy: client('Give every message a content that is text and not empty.'),
    known: ['Kimi and Anthropic refuse empty content'],
    ask: shapes,
    judge: shaped,
  },
  {
    ...imageParts,
    id: 'image-data',
    title: 'An image as a data URL',
    level: 'warning',
    rule: 'Answered, and counted; or refused clearly.',
    remedy: client('Use a model that sees; the catalog lists which do.'),
    ask: (facts) => [
      say(facts, imageQuestion),
      withImage(facts, picture(`data:image/png;base64,${redSquare}`)),
      withImage(facts, picture(`data:image/png;base64,${redSquare}`, { detail: 'low' })),
    ],
    judge: seen,
  },
  {
    ...imageParts,
    id: 'image-remote',
    title: 'An image by its address on the web',
    level: 'warning',
    rule: 'Answered, and counted; or refused clearly. Needs --image-url.',
    remedy: client('Send the image as a data URL.'),
    known: ['Kimi takes data URLs and its own file ids only'],
    ask: (facts) =>
      facts.imageUrl === null ? [] : [say(facts, imageQuestion), withImage(facts, picture(facts.imageUrl))],
    judge: seen,
  },
  {
    ...imageParts,
    id: 'image-bad',
    title: 'What is no image',
    level: 'info',
    rule: 'Refused with an error object, and no fault of the server.',
    remedy: client('Check images before sending them.'),
    ask: (facts) => [withImage(facts, picture(`data:text/plain;base64,${Buffer.from('no image').toString('base64')}`))],
    judge: unseen,
  },
])
