/**
 * What is said in every cell of the matrix, whoever asks and whoever answers: the scenario stands in the name of the model, so that a fake
 * provider needs no state, and any number of cells can run at once.
 */

import { createHash } from 'node:crypto'

/** A request as the provider understood it, whatever its format. */
export type Heard = {
  /** The whole name of the model. */
  readonly cell: string
  readonly stream: boolean
  readonly system: string
  /** The text of the last message of the user. */
  readonly asked: string
  readonly images: readonly { readonly mediaType: string; readonly data: string }[]
  readonly tools: readonly { readonly name: string; readonly parameters: unknown }[]
  readonly schema: unknown
  /** Of the conversation so far. */
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[]
  readonly results: readonly { readonly id: string; readonly text: string }[]
  readonly thoughts: readonly { readonly text: string; readonly signature: string | null }[]
  /** What came back with the first of the calls; absent: the format signs none. */
  readonly callSignature?: string
}

export type Call = { readonly id: string; readonly name: string; readonly input: string }

/** What a provider says, whatever its format. */
export type Answer = {
  readonly thought: string
  /** What must come back unread with the thought. */
  readonly signature: string
  readonly pieces: readonly string[]
  readonly calls: readonly Call[]
  readonly finish: 'stop' | 'length' | 'tools'
}

export type Complaint = { readonly complaint: string }

export const prompt = 'Name the ship. Größe? 🚢'
export const systemText = 'You are a pilot: Lotse, 水先人.'
/** Letters of two, three and four bytes, and one that is made of several. */
export const saidPieces = ['Grüße', ', 世', '界', ' 👋🏽', ' — and "quotes"\n\\ end.'] as const
export const said = saidPieces.join('')
export const thought = 'Two ports: Oslo, then 利马. I ask.'
export const signature = 'c2lnbmF0dXJlLW9mLXRoZS10aG91Z2h0LTAxMjM0NTY3ODk='
/** Of a call before which no thought is told. */
export const callSignature = 'c2lnbmF0dXJlLW9mLWEtY2FsbC0wMTIzNDU2Nzg5YWJjZGU='
export const object = { name: 'Fram 号', sails: 3 } as const
export const weatherOf: Readonly<Record<string, string>> = { Oslo: 'rain 🌧', Lima: 'sun' }
/** One pixel. */
export const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** In every answer. Input counts what came from the cache, output what was thought. */
export const usage = { input: 21, cached: 8, output: 13, reasoning: 5 } as const

export const weatherTool = {
  name: 'weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', description: 'The name of a city.' } },
    required: ['city'],
    additionalProperties: false,
  },
} as const

export const boatSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, sails: { type: 'integer' } },
  required: ['name', 'sails'],
  additionalProperties: false,
} as const

const nothing: Answer = { thought: '', signature: '', pieces: [], calls: [], finish: 'stop' }
const says = (...pieces: readonly string[]): Answer => ({ ...nothing, pieces })
/** Ids are of the cell alone: what the relay keeps under them must not help another one. */
const calling = ({ cell }: Heard, cities: readonly string[]): readonly Call[] =>
  cities.map((city) => ({
    id: `call_${city}_${createHash('sha256').update(cell).digest('hex').slice(0, 12)}`,
    name: 'weather',
    input: JSON.stringify({ city }),
  }))

type Scenario = (heard: Heard) => Answer | Complaint

const complains = (complaint: string): Complaint => ({ complaint })

const lacksTool = ({ tools }: Heard): string | null => {
  const properties = JSON.stringify(tools.find(({ name }) => name === 'weather')?.parameters ?? null)
  return properties.includes('"city"') ? null : `the tool did not arrive: ${JSON.stringify(tools)}`
}

/** Whether the results that came are those of these calls, each under its own id. */
const wrongResults = ({ calls, results, callSignature: signed }: Heard, cities: readonly string[]): string | null => {
  if (calls.length !== cities.length) return `not the calls that were made: ${JSON.stringify(calls)}`
  if (signed !== undefined && signed !== callSignature)
    return `the call came back signed with ${JSON.stringify(signed)}`
  for (const [index, city] of cities.entries()) {
    const call = calls[index]
    if (call?.name !== 'weather' || JSON.stringify(call.input) !== JSON.stringify({ city }))
      return `the call for ${city} came back as ${JSON.stringify(call)}`
    const own = results.filter(({ id }) => id === call.id)
    if (own.length !== 1 || !own[0]?.text.includes(weatherOf[city] ?? '?'))
      return `the result for ${city} is missing: ${JSON.stringify(results)} for ${JSON.stringify(calls)}`
  }
  return null
}

const toolScenario =
  (...cities: readonly string[]): Scenario =>
  (heard) => {
    const lack = lacksTool(heard)
    if (lack !== null) return complains(lack)
    if (heard.results.length === 0) return { ...nothing, calls: calling(heard, cities), finish: 'tools' }
    const wrong = wrongResults(heard, cities)
    return wrong === null ? says(cities.map((city) => `${city}: ${weatherOf[city]}`).join(', ')) : complains(wrong)
  }

const keptOf = ({ thoughts }: Heard): string => {
  const texts = thoughts.map(({ text }) => text).join('')
  if (thoughts.some((one) => one.signature === signature)) return 'kept'
  return texts === thought ? 'kept as text' : 'lost'
}

const scenarios: Readonly<Record<string, Scenario>> = {
  text: ({ asked }) => (asked === prompt ? says(...saidPieces) : complains(`the prompt came as ${asked}`)),
  tool: toolScenario('Oslo'),
  parallel: toolScenario('Oslo', 'Lima'),
  schema: ({ schema, tools }) => {
    const written = JSON.stringify(object)
    if (JSON.stringify(schema ?? null).includes('"sails"')) return says(...(written.match(/.{1,9}/gsu) ?? []))
    // Some clients ask for an object as the arguments of a tool that must be called.
    const tool = tools.find(({ parameters }) => JSON.stringify(parameters ?? null).includes('"sails"'))
    if (tool === undefined) return complains(`the schema did not arrive: ${JSON.stringify(schema)}`)
    return { ...nothing, calls: [{ id: 'call_boat', name: tool.name, input: written }], finish: 'tools' }
  },
  image: ({ images }) => {
    const [one] = images
    return images.length === 1 && one?.mediaType === 'image/png' && one.data === png
      ? says('a pixel')
      : complains(`the picture came as ${JSON.stringify(images).slice(0, 200)}`)
  },
  system: ({ system }) => (system === systemText ? says('aye') : complains(`the system prompt came as ${system}`)),
  length: () => ({ ...says('Half ', 'of it'), finish: 'length' }),
  thinking: (heard) =>
    heard.results.length === 0
      ? { ...nothing, thought, signature, calls: calling(heard, ['Oslo']), finish: 'tools' }
      : says(keptOf(heard)),
}

/** What is answered to this request; scenarios that are none of these answer as `text` does. */
export const answerTo = (scenario: string, heard: Heard): Answer | Complaint =>
  scenarios[scenario]?.(heard) ?? says(...saidPieces)

/** Answers of which the end, a piece or the sense is missing: `cutN` = the connection goes after N events. */
export const brokenStreams = ['utf8', 'error', 'error200', 'noend'] as const
export const brokenWholes = ['error200', 'half'] as const

/** The name of the model that carries a scenario: `m--SCENARIO--CELL`. */
export const scenarioOf = (model: string): string => model.split('--')[1] ?? 'text'
