/** What a provider of this same format needs back, put into the messages of a caller who left it out. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call, Edits } from '#protocol/call.ts'
import type { FindCall, TakenBack } from '#protocol/carried-call.ts'
import { putBack } from '#protocol/carried-call.ts'
import { carrierFormats, carrierOf } from '#protocol/carrier.ts'
import type { Message, ReasoningBlock, ToolCallBlock } from '#protocol/chat-request.ts'
import type { Dialect } from '#protocol/protocol.ts'
import { readChat } from './read-chat.ts'
import { detailsOf } from './reasoning-detail.ts'

/** What providers of this format take back, by how they do it. */
export const takenBack = ({ restores }: Dialect): TakenBack | null => {
  switch (restores) {
    case 'thought':
      return { takes: () => false, plainThought: true }
    case 'details':
      return { takes: () => true, plainThought: true }
    case 'signatures':
      return { takes: ({ format }) => format === carrierFormats.gemini, plainThought: false }
    case 'none':
      return null
  }
}

const thoughtOf = (blocks: readonly ReasoningBlock[], { restores }: Dialect): JsonObject => {
  const text = blocks.map((block) => block.text).join('')
  if (restores === 'thought') return text === '' ? {} : { reasoning_content: text }
  if (restores !== 'details') return {}
  const details = blocks.flatMap(detailsOf)
  return {
    ...(text === '' ? {} : { reasoning: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  }
}

const signedCall = (wire: Json, block: ToolCallBlock | undefined): Json => {
  const signature = block === undefined ? undefined : carrierOf(block.carriers, carrierFormats.gemini)
  if (signature === undefined || !isObject(wire) || wire['extra_content'] !== undefined) return wire
  return { ...wire, extra_content: { google: { thought_signature: signature.value } } }
}

/** The caller's own message with more in it: everything else keeps the words that it had. */
const restored = (wire: JsonObject, message: Message, dialect: Dialect): JsonObject => {
  const thoughts = message.content.filter((block) => block.type === 'reasoning')
  const calls = message.content.filter((block) => block.type === 'tool-call')
  const list = wire['tool_calls']
  return {
    ...thoughtOf(thoughts, dialect),
    ...wire,
    ...(Array.isArray(list) && dialect.restores === 'signatures'
      ? { tool_calls: (list as readonly Json[]).map((one, index) => signedCall(one, calls[index])) }
      : {}),
  }
}

/** `messages` with what was kept put back; `null` = there is nothing to put back. */
export const putBackMessages = (call: Call, find: FindCall, dialect: Dialect): Edits | null => {
  const taken = takenBack(dialect)
  const wire = call.body()['messages']
  if (taken === null || !Array.isArray(wire)) return null
  const { messages } = readChat(call).value
  const whole = putBack(messages, find, taken)
  if (whole.every((message, index) => message === messages[index])) return null
  const written = wire.map((one: Json, index) => {
    const message = whole[index]
    return !isObject(one) || message === undefined || message === messages[index]
      ? one
      : restored(one, message, dialect)
  })
  return { set: { messages: JSON.stringify(written) }, cut: [], rename: {} }
}
