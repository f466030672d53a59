/**
 * A strict stand-in for Moonshot's API: what it refuses, Kimi refuses. It checks the key, knows its models, takes the
 * fixed temperature only, and reports the usage of a stream inside the last choice.
 * Rules: https://platform.kimi.ai/docs/api/models-overview (read 2026-11-22).
 */

import { failure, stream, whole } from './answer.ts'
import type { FakeUpstream, Script, Seen } from './upstream.ts'
import { startUpstream } from './upstream.ts'

export type KimiSettings = {
  /** The bearer that it takes. */
  readonly key: string
  /** Its ids, each with the only temperature that it takes; `null` = any from 0 to 1. */
  readonly models: Readonly<Record<string, number | null>>
}

type Wish = {
  readonly model?: unknown
  readonly messages?: readonly { readonly role?: unknown; readonly content?: unknown }[]
  readonly temperature?: unknown
  readonly stream?: unknown
  readonly stream_options?: { readonly include_usage?: unknown }
}

export const kimiSettings: KimiSettings = {
  key: 'sk-kimi-fake-credential-of-a-test',
  models: { 'kimi-k2.6': 1, 'kimi-k2.5': 1, 'moonshot-v1-8k': null },
}

const refusal = (status: number, type: string, message: string): Script => failure(status, { message, type })

function bodyOf(seen: Seen): Wish | null {
  try {
    const value: unknown = JSON.parse(seen.body.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Wish) : null
  } catch (fault) {
    if (fault instanceof SyntaxError) return null
    throw fault
  }
}

/** The refusal of this request, or `null` when Kimi would serve it. */
function refuse(wish: Wish | null, settings: KimiSettings): Script | null {
  if (wish === null) return refusal(400, 'invalid_request_error', 'Invalid request: the body is not a JSON object')
  const model = typeof wish.model === 'string' ? wish.model : ''
  const fixed = settings.models[model]
  if (fixed === undefined) {
    return refusal(404, 'resource_not_found_error', `No model ${model} here, or this key may not use it`)
  }
  if (!Array.isArray(wish.messages) || wish.messages.length === 0) {
    return refusal(400, 'invalid_request_error', 'Invalid request: messages must not be empty')
  }
  if (wish.temperature === undefined) return null
  const { temperature } = wish
  const allowed =
    typeof temperature === 'number' && (fixed === null ? temperature >= 0 && temperature <= 1 : temperature === fixed)
  if (allowed) return null
  const rule = fixed === null ? 'a value from 0 to 1' : `only ${fixed}`
  return refusal(400, 'invalid_request_error', `invalid temperature: ${rule} is allowed for this model`)
}

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { readonly text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join(' ')
}

function answerTo(wish: Wish): string {
  const last = wish.messages?.findLast((message) => message.role === 'user')
  const text = textOf(last?.content).trim()
  return /^ping$/i.test(text) ? 'pong' : `Kimi heard: ${text}`
}

const tokensOf = (text: string): number => Math.max(1, text.split(/\s+/).length)

function usageOf(wish: Wish, answer: string): object {
  const promptTokens = (wish.messages ?? []).reduce((sum, message) => sum + tokensOf(textOf(message.content)), 4)
  const completionTokens = tokensOf(answer)
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cached_tokens: 0,
  }
}

const head = { id: 'chatcmpl-fakekimi0000000000000001', created: 1_790_000_000 }

function streamOf(wish: Wish): Script {
  const answer = answerTo(wish)
  const usage = usageOf(wish, answer)
  const event = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', model: wish.model, choices, system_fingerprint: 'fpv0_fake', ...more })}\n\n`
  const events = [event([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }])]
  for (const word of answer.split(/(?<= )/)) {
    events.push(event([{ index: 0, delta: { content: word }, finish_reason: null }]))
  }
  events.push(event([{ index: 0, delta: {}, finish_reason: 'stop', usage }]))
  if (wish.stream_options?.include_usage === true) events.push(event([], { usage }))
  events.push('data: [DONE]\n\n')
  return stream(events, { headers: { 'msh-request-id': 'fake-kimi-request-1' } })
}

function wholeOf(wish: Wish): Script {
  const answer = answerTo(wish)
  const choice = { index: 0, message: { role: 'assistant', content: answer }, finish_reason: 'stop' }
  return whole(
    { ...head, object: 'chat.completion', model: wish.model, choices: [choice], usage: usageOf(wish, answer) },
    { headers: { 'msh-request-id': 'fake-kimi-request-1' } },
  )
}

function listOf(settings: KimiSettings): Script {
  const data = Object.keys(settings.models).map((id) => ({
    id,
    object: 'model',
    created: 1_790_000_000,
    owned_by: 'moonshot',
  }))
  return whole({ object: 'list', data })
}

/** The script of a strict Kimi. */
export const kimi =
  (settings: KimiSettings = kimiSettings): Script =>
  (exchange) => {
    const { seen } = exchange
    if (seen.headers.authorization !== `Bearer ${settings.key}`) {
      return refusal(401, 'invalid_authentication_error', 'The key is not one of ours')(exchange)
    }
    if (seen.method === 'GET' && seen.target === '/v1/models') return listOf(settings)(exchange)
    if (seen.method !== 'POST' || seen.target !== '/v1/chat/completions') {
      return whole({ code: 5, error: 'url.not_found', message: 'nothing here' }, { status: 404 })(exchange)
    }
    const wish = bodyOf(seen)
    const refused = refuse(wish, settings)
    if (refused !== null || wish === null) return refused?.(exchange)
    return (wish.stream === true ? streamOf(wish) : wholeOf(wish))(exchange)
  }

/** Starts a strict Kimi on loopback. */
export const startKimi = (settings: KimiSettings = kimiSettings): Promise<FakeUpstream> => startUpstream(kimi(settings))
