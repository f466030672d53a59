/** The text of a request, for counting: what a model reads of it, and what is no text by number. */

import type { Block, ChatRequest, Message } from './chat-request.ts'

export type RequestText = {
  readonly text: string
  readonly messages: number
  readonly images: number
  /** Bytes of documents and sound that came with the request. */
  readonly fileBytes: number
}

const textOf = (block: Block): string => {
  switch (block.type) {
    case 'text':
    case 'refusal':
    case 'reasoning':
      return block.text
    case 'tool-call':
      return `${block.name}\n${block.input}`
    case 'tool-result':
      return block.content.map(textOf).join('\n')
    case 'file':
      return block.source.kind === 'text' ? block.source.text : (block.filename ?? '')
    case 'other':
      return JSON.stringify(block.raw)
    case 'image':
    case 'audio':
    case 'video':
      return ''
  }
}

const flat = (blocks: readonly Block[]): readonly Block[] =>
  blocks.flatMap((block) => (block.type === 'tool-result' ? [block, ...flat(block.content)] : [block]))

const bytesOf = (block: Block): number =>
  'source' in block && block.type !== 'image' && block.source.kind === 'base64'
    ? Math.floor((block.source.data.length * 3) / 4)
    : 0

/** Everything that is read, in order. */
export const requestTextOf = ({ messages, tools }: ChatRequest): RequestText => {
  const blocks = messages.flatMap(({ content }: Message) => flat(content))
  const offered = tools.map((tool) =>
    JSON.stringify(
      tool.kind === 'provider'
        ? tool.raw
        : [tool.name, tool.description, tool.kind === 'function' ? tool.parameters : null],
    ),
  )
  return {
    text: [...messages.flatMap(({ content }) => content.map(textOf)), ...offered].join('\n'),
    messages: messages.length,
    images: blocks.filter(({ type }) => type === 'image').length,
    fileBytes: blocks.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0),
  }
}
