/** A call that was made before as what is to be asked again: what its body says, as far as this form has a place for it. */

import { isList, isRecord } from './ask.ts'
import type { Wish } from './wish.tsx'

type Message = { readonly role?: unknown; readonly content?: unknown }

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!isList(content)) return ''
  return content
    .flatMap((part) => (isRecord(part) && 'text' in part && typeof part.text === 'string' ? [part.text] : []))
    .join('\n')
}

/** Of a body in the form of Chat Completions or Messages; nothing where it is none. */
export const wishOfBody = (body: string | null): Partial<Wish> => {
  if (body === null) return {}
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    // A body that was cut off when it was kept.
    return {}
  }
  if (!isRecord(value)) return {}
  const given = value as Readonly<Record<string, unknown>>
  const messages = (isList(given['messages']) ? given['messages'] : []) as readonly Message[]
  const system = messages
    .filter(({ role }) => role === 'system' || role === 'developer')
    .map(({ content }) => textOf(content))
  const last = messages.findLast(({ role }) => role === 'user')
  const max = given['max_tokens'] ?? given['max_completion_tokens']
  return {
    system: [textOf(given['system']), ...system].filter((text) => text !== '').join('\n'),
    message: textOf(last?.content),
    ...(typeof max === 'number' ? { max: String(max) } : {}),
    ...(typeof given['temperature'] === 'number' ? { temperature: String(given['temperature']) } : {}),
    ...(isList(given['tools']) && given['messages'] !== undefined && last !== undefined
      ? { tools: JSON.stringify(given['tools'], null, 2) }
      : {}),
  }
}
