/** Messages written as an Ollama chat request has them: one text each, images in a list beside it, tools known by name. */

import type { JsonObject } from '#base/json-type.ts'
import type { Block, Message, ToolCallBlock, ToolResultBlock } from '#protocol/chat-request.ts'
import { argumentsOfCall } from '#protocol/tool-arguments.ts'

export type Writing = { readonly warn: (field: string, reason: string) => void }

type Content = { readonly texts: string[]; readonly images: string[] }

const fileText = ({ source, filename, context }: Extract<Block, { type: 'file' }>): string | null =>
  source.kind === 'text' ? [filename, context, source.text].filter((text) => text !== null).join('\n\n') : null

/** What a block says; `false` = it cannot be said. */
const addBlock = (block: Block, into: Content): boolean => {
  if (block.type === 'text' || block.type === 'refusal') {
    into.texts.push(block.text)
    return true
  }
  if (block.type === 'image' && block.source.kind === 'base64') {
    into.images.push(block.source.data)
    return true
  }
  if (block.type !== 'file') return !('source' in block)
  const text = fileText(block)
  if (text === null) return false
  into.texts.push(text)
  return true
}

const contentOf = (blocks: readonly Block[], { warn }: Writing, place: string): Content => {
  const content: Content = { texts: [], images: [] }
  for (const [index, block] of blocks.entries())
    if (!addBlock(block, content))
      warn(`${place}.content[${index}]`, `${block.type} of this source cannot be said in Ollama's format`)
  return content
}

const isCall = (block: Block): block is ToolCallBlock => block.type === 'tool-call' && block.executor === 'caller'
const isResult = (block: Block): block is ToolResultBlock => block.type === 'tool-result' && block.executor === 'caller'

const spoken = ({ texts, images }: Content): JsonObject => ({
  content: texts.join('\n'),
  ...(images.length === 0 ? {} : { images }),
})

const writeAssistant = (message: Message, writing: Writing, place: string): JsonObject => {
  const { texts, images } = contentOf(message.content, writing, place)
  const thinking = message.content.flatMap((block) =>
    block.type === 'reasoning' && !block.redacted ? [block.text] : [],
  )
  const calls = message.content.filter(isCall)
  return {
    role: 'assistant',
    // What an answer says in several blocks is one text.
    ...spoken({ texts: [texts.join('')], images }),
    ...(thinking.length === 0 ? {} : { thinking: thinking.join('') }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((block, index) => ({
            id: block.id,
            function: { index, name: block.name, arguments: argumentsOfCall(block, writing.warn, place) },
          })),
        }),
  }
}

/** One message as one or several; `nameOf` gives the tool that a call of this id was for. */
export const writeMessage = (
  message: Message,
  writing: Writing & { readonly nameOf: (id: string) => string | null },
  place: string,
): readonly JsonObject[] => {
  if (message.role === 'assistant') return [writeAssistant(message, writing, place)]
  if (message.role !== 'tool') {
    const role = message.role === 'developer' ? 'system' : message.role
    return [{ role, ...spoken(contentOf(message.content, writing, place)) }]
  }
  return message.content.flatMap((result, index) => {
    if (!isResult(result)) return []
    const name = result.name ?? writing.nameOf(result.id)
    return [
      {
        role: 'tool',
        ...spoken(contentOf(result.content, writing, `${place}.content[${index}]`)),
        ...(name === null ? {} : { tool_name: name }),
        tool_call_id: result.id,
      },
    ]
  })
}
