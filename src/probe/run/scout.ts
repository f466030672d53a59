/** A first look at the endpoint: whether it answers, which field bounds its output, whether the model thinks. Three calls at most. */

import { isObject } from '#base/json-type.ts'
import { firstChoice, readChat, usageOfChat } from '#probe/chat/reading.ts'
import type { Ask, Exchange, Send } from '#probe/exchange.ts'
import type { Wire } from '#probe/probe.ts'
import { bodyJson, countAt, objectAt, objectsAt, readWire, textAt } from '#probe/wire-events.ts'

export type Scouted = {
  /** The exchange that decided, for whoever has to say why a run cannot begin. */
  readonly exchange: Exchange
  readonly limitField: string | null
  readonly thinks: boolean
  /** As the list of models has it; `null` = it does not say. */
  readonly contextTokens: number | null
}

const hello = 'Say OK.'
const roomTokens = 512

const asks: Readonly<Record<Exclude<Wire, 'openai'>, (model: string) => Ask>> = {
  anthropic: (model) => ({
    method: 'POST',
    path: 'messages',
    body: { model, max_tokens: roomTokens, messages: [{ role: 'user', content: hello }] },
  }),
  gemini: (model) => ({
    method: 'POST',
    path: `models/${model}:generateContent`,
    body: { contents: [{ role: 'user', parts: [{ text: hello }] }], generationConfig: { maxOutputTokens: roomTokens } },
    outputTokensMax: roomTokens,
  }),
}

const chatAsk = (model: string, limitField: string | null): Ask => ({
  method: 'POST',
  path: 'chat/completions',
  body: {
    model,
    messages: [{ role: 'user', content: hello }],
    ...(limitField === null ? {} : { [limitField]: roomTokens }),
  },
  outputTokensMax: roomTokens,
})

const contextNames = [
  'context_length',
  'max_model_len',
  'context_window',
  'max_context_length',
  'inputTokenLimit',
  'n_ctx',
]

const contextOf = (exchange: Exchange, model: string): number | null => {
  const value = exchange.status === 200 ? bodyJson(exchange) : null
  const holder = isObject(value) ? value : {}
  const row = [...objectsAt(holder, 'data'), ...objectsAt(holder, 'models')].find(
    (one) => textAt(one, 'id') === model || textAt(one, 'name') === `models/${model}`,
  )
  for (const name of contextNames) {
    const count = countAt(row, name) ?? countAt(objectAt(row, 'meta'), name)
    if (count !== null && count > 0) return count
  }
  return null
}

const thinksIn = (exchange: Exchange, wire: Wire): boolean => {
  if (wire === 'openai') {
    const reading = readChat(exchange)
    const details = objectAt(usageOfChat(reading) ?? {}, 'completion_tokens_details')
    return firstChoice(reading).reasoning !== '' || (countAt(details, 'reasoning_tokens') ?? 0) > 0
  }
  const [event] = readWire(exchange).events
  return (
    objectsAt(event?.json, 'content').some(({ type }) => type === 'thinking') ||
    (countAt(objectAt(event?.json, 'usageMetadata'), 'thoughtsTokenCount') ?? 0) > 0
  )
}

/** Looks. The answer may be a refusal: then nothing else is known. */
export const scout = async (send: Send, wire: Wire, model: string): Promise<Scouted> => {
  const listed = await send({ method: 'GET', path: 'models' })
  const contextTokens = contextOf(listed, model)
  if (listed.end === 'unreachable') return { exchange: listed, limitField: null, thinks: false, contextTokens }
  if (wire !== 'openai') {
    const exchange = await send(asks[wire](model))
    return { exchange, limitField: null, thinks: thinksIn(exchange, wire), contextTokens }
  }
  for (const limitField of ['max_tokens', 'max_completion_tokens']) {
    const exchange = await send(chatAsk(model, limitField))
    if (exchange.status === 400 && exchange.body.includes(limitField)) continue
    return { exchange, limitField, thinks: thinksIn(exchange, wire), contextTokens }
  }
  const exchange = await send(chatAsk(model, null))
  return { exchange, limitField: null, thinks: thinksIn(exchange, wire), contextTokens }
}
