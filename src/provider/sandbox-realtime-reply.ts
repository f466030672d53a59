/** One response of a Realtime session of the sandbox, event by event. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { Directives } from './sandbox-directive.ts'
import type { CountTokens } from './sandbox-job.ts'

/** What was said once, and how much of it was sound. */
export type Turn = { readonly role: string; readonly text: string; readonly soundMs: number }

export type ReplyOrder = {
  /** What is said again. */
  readonly said: string
  readonly directives: Directives
  readonly settings: JsonObject
  readonly turns: readonly Turn[]
  readonly beta: boolean
  readonly soundOutBytes: number
  readonly id: (kind: string) => string
  readonly say: (event: JsonObject) => Promise<void>
  readonly isCancelled: () => boolean
  readonly countTokens: CountTokens
  readonly clock: Clock
}

/** Sound of a word: silence. */
const wordMs = 200
const [heardMsPerToken, saidMsPerToken] = [100, 50]

const pause = ({ clock }: ReplyOrder, delayMs: number): Promise<void> =>
  new Promise((resolve) => void clock.after(delayMs, resolve))

const speaksOf = ({ settings, beta }: ReplyOrder): boolean => {
  const modalities = beta ? settings['modalities'] : (settings['output_modalities'] ?? settings['modalities'])
  return !Array.isArray(modalities) || modalities.includes('audio')
}

const wordsOf = ({ said, directives }: ReplyOrder): readonly string[] => {
  if (directives.tokens !== undefined) return Array.from({ length: directives.tokens }, () => 'word ')
  return said === '' ? ['…'] : (said.match(/\S+\s*/g) ?? [said])
}

const usageOf = async ({ turns, countTokens }: ReplyOrder, text: string, soundMs: number): Promise<JsonObject> => {
  const heard = turns.reduce((sum, turn) => sum + Math.ceil(turn.soundMs / heardMsPerToken), 0)
  const read = await countTokens(turns.map((turn) => (turn.soundMs > 0 ? '' : turn.text)).join('\n'))
  const written = await countTokens(text)
  const said = Math.ceil(soundMs / saidMsPerToken)
  const cached = { text_tokens: 0, audio_tokens: 0, image_tokens: 0 }
  return {
    total_tokens: heard + read + written + said,
    input_tokens: heard + read,
    output_tokens: written + said,
    input_token_details: {
      text_tokens: read,
      audio_tokens: heard,
      image_tokens: 0,
      cached_tokens: 0,
      cached_tokens_details: cached,
    },
    output_token_details: { text_tokens: written, audio_tokens: said },
  }
}

type Outcome = { readonly text: string; readonly status: string; readonly reason: string | null }

/** Says the words; `null` = it breaks off. */
const sayWords = async (order: ReplyOrder, at: JsonObject): Promise<Outcome | null> => {
  const { directives, beta, say, isCancelled, settings } = order
  const speaks = speaksOf(order)
  const prefix = beta ? 'response' : 'response.output'
  const join = beta ? '.' : '_'
  const words = wordsOf(order)
  const most = countOf(settings['max_output_tokens'] ?? settings['max_response_output_tokens'])
  const sound = Buffer.alloc(Math.round((order.soundOutBytes * wordMs) / 1_000)).toString('base64')
  let text = ''
  for (const [index, word] of words.entries()) {
    if (isCancelled()) return { text, status: 'cancelled', reason: 'client_cancelled' }
    if (directives.cutAfter === index) return null
    if (most !== null && index >= most) return { text, status: 'incomplete', reason: 'max_output_tokens' }
    text += word
    if (!speaks) await say({ type: `${prefix}${join}text.delta`, ...at, delta: word })
    else {
      await say({ type: `${prefix}${join}audio_transcript.delta`, ...at, delta: word })
      await say({ type: `${prefix}${join}audio.delta`, ...at, delta: sound })
    }
    // Whoever listens gets its turn: a session within one process would else never be interrupted.
    await pause(order, 0)
  }
  const finish = directives.finish?.reason
  if (finish === 'length') return { text, status: 'incomplete', reason: 'max_output_tokens' }
  if (finish === 'content-filter') return { text, status: 'incomplete', reason: 'content_filter' }
  return { text, status: 'completed', reason: null }
}

const refusal = (order: ReplyOrder, response: JsonObject): Promise<void> => {
  const code = order.directives.refuse?.code ?? 'server_error'
  const error = { type: 'server_error', code, message: 'The sandbox was asked to refuse.' }
  return order.say({
    type: 'response.done',
    response: { ...response, status: 'failed', status_details: { type: 'failed', error }, output: [], usage: null },
  })
}

/** Ends the content and the item, then the response. */
const finish = async (
  order: ReplyOrder,
  { response, at, outcome }: { readonly response: JsonObject; readonly at: JsonObject; readonly outcome: Outcome },
): Promise<void> => {
  const { beta, say } = order
  const { text, status, reason } = outcome
  const speaks = speaksOf(order)
  const kind = beta ? (speaks ? 'audio' : 'text') : speaks ? 'output_audio' : 'output_text'
  const part = speaks ? { type: kind, transcript: text } : { type: kind, text }
  const done = `response.${kind}`
  if (speaks) {
    await say({ type: `${done}_transcript.done`, ...at, transcript: text })
    await say({ type: `${done}.done`, ...at })
  } else await say({ type: `${done}.done`, ...at, text })
  await say({ type: 'response.content_part.done', ...at, part })
  const item = {
    id: at['item_id'],
    object: 'realtime.item',
    type: 'message',
    role: 'assistant',
    status: status === 'completed' ? 'completed' : 'incomplete',
    content: [part],
  }
  await say({ type: 'response.output_item.done', response_id: at['response_id'], output_index: 0, item })
  const soundMs = speaks ? (text.match(/\S+\s*/g)?.length ?? 0) * wordMs : 0
  const details = reason === null ? null : { type: status, reason }
  const usage = await usageOf(order, text, soundMs)
  await say({
    type: 'response.done',
    response: { ...response, status, status_details: details, output: [item], usage },
  })
}

/** Says one response to its end; gives what was said, `null` = it broke off, as it was asked to. */
export const replyTo = async (order: ReplyOrder): Promise<Turn | null> => {
  const { id, say, directives, beta } = order
  const response = {
    object: 'realtime.response',
    id: id('resp'),
    status: 'in_progress',
    status_details: null,
    output: [],
    conversation_id: 'conv_sandbox',
    usage: null,
  }
  if (directives.delayMs !== undefined) await pause(order, directives.delayMs)
  await say({ type: 'response.created', response })
  if (directives.refuse !== undefined) {
    await refusal(order, response)
    return { role: 'assistant', text: '', soundMs: 0 }
  }
  const item = {
    id: id('item'),
    object: 'realtime.item',
    type: 'message',
    role: 'assistant',
    status: 'in_progress',
    content: [],
  }
  await say({ type: 'response.output_item.added', response_id: response.id, output_index: 0, item })
  const added = beta ? 'conversation.item.created' : 'conversation.item.added'
  await say({ type: added, previous_item_id: null, item })
  const at = { response_id: response.id, item_id: item.id, output_index: 0, content_index: 0 }
  const speaks = speaksOf(order)
  await say({
    type: 'response.content_part.added',
    ...at,
    part: speaks ? { type: 'audio', transcript: '' } : { type: 'text', text: '' },
  })
  const outcome = await sayWords(order, at)
  if (outcome === null) return null
  await finish(order, { response, at, outcome })
  return { role: 'assistant', text: outcome.text, soundMs: 0 }
}
