/** Instructions without a turn: formats in which they stand beside the turns refuse a call that has none, and OpenAI's takes it. */

import type { ChatRequest, Message } from './chat-request.ts'

/** Whether it instructs the model, and is no turn. */
export const isSystem = ({ role }: Pick<Message, 'role'>): boolean => role === 'system' || role === 'developer'

/** The request; where it has instructions alone, with the last of them said by the user. */
export const withTurn = (request: ChatRequest, warn: (field: string, reason: string) => void): ChatRequest => {
  const { messages } = request
  const last = messages.at(-1)
  if (last === undefined || !messages.every(isSystem)) return request
  warn(`messages[${messages.length - 1}]`, 'the target wants a turn of the user: the last system message is one')
  return { ...request, messages: [...messages.slice(0, -1), { ...last, role: 'user' }] }
}
