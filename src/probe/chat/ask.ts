/** What the probes of Chat Completions send: small, cheap, and plain enough for any model. */

import type { Json, JsonObject } from '#base/json-type.ts'
import type { Ask } from '#probe/exchange.ts'
import type { Facts } from '#probe/probe.ts'

/** Output of a model that thinks is bounded so that it can come to an end of its thoughts. */
const thinkingTokens = 2_048

/** The room for an answer of so many tokens, as fields of the body. */
export const room = ({ limitField, thinks }: Facts, tokens: number): JsonObject =>
  limitField === null ? {} : { [limitField]: thinks ? tokens + thinkingTokens : tokens }

/** What the answer may cost at most, in tokens, where no field bounds it. */
const unboundedTokens = 1_024

type ChatOptions = Omit<Ask, 'method' | 'path' | 'body'> & { readonly asStream?: boolean }

/** A call of `chat/completions`, streaming where the facts say so. Members of the body that are `undefined` are left out. */
export const chat = (facts: Facts, body: JsonObject, options: ChatOptions = {}): Ask => {
  const { asStream, ...rest } = options
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
  return {
    method: 'POST',
    path: 'chat/completions',
    body: { model: facts.model, ...given, ...((asStream ?? facts.stream) ? { stream: true } : {}) },
    ...(facts.limitField === null ? { outputTokensMax: unboundedTokens } : {}),
    ...rest,
  }
}

/** One message of the user. */
export const user = (content: Json): JsonObject => ({ role: 'user', content })

/** A chat of one message, with room for so many tokens. */
export const say = (facts: Facts, content: Json, more: JsonObject & { readonly tokens?: number } = {}): Ask => {
  const { tokens = 64, ...rest } = more
  return chat(facts, { messages: [user(content)], ...room(facts, tokens), ...rest })
}

/** A tool of the Chat Completions API. */
export const functionTool = (name: string, description: string, parameters: JsonObject): JsonObject => ({
  type: 'function',
  function: { name, description, parameters },
})

export const weatherParameters: JsonObject = {
  type: 'object',
  properties: {
    city: { type: 'string', description: 'Name of the city.' },
    unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
  },
  required: ['city'],
  additionalProperties: false,
}

export const weatherTool = functionTool('get_weather', 'Gives the weather of a city.', weatherParameters)
