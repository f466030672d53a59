/** What is compared of an answer, read from its parts as they pass. */

import type { Json } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import type { Answer, ToolUse } from '#migration/shadow-compare.ts'
import { answerCharactersMax } from '#migration/shadow-compare.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import { fitsTool, toolSchemas } from './tool-schema.ts'
import { asksJson } from './turn-reader.ts'

const toolsMax = 64

export type AnswerReader = {
  readonly see: (part: Part) => void
  /** `usage`: only what a provider has reported tells a length. */
  readonly answer: (status: number | null, usage: Usage | null) => Answer
}

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

/** Of the first choice; texts are cut at a bound, tools at a number. */
export const answerReader = (call: Call): AnswerReader => {
  const tools = new Map<number, { readonly name: string; readonly isText: boolean; input: string }>()
  let text = ''
  let finish: string | null = null
  let isRefusal = false
  const cut = (before: string, more: string): string =>
    before.length >= answerCharactersMax ? before : (before + more).slice(0, answerCharactersMax)
  const see = (part: Part): void => {
    if ('choice' in part && part.choice !== 0) return
    switch (part.type) {
      case 'text-delta':
        text = cut(text, part.text)
        break
      case 'refusal-delta':
        isRefusal = true
        break
      case 'finish':
        finish = part.reason
        isRefusal ||= part.reason === 'refusal' || part.reason === 'content-filter'
        break
      case 'tool-input-start':
        if (part.executor === 'caller' && tools.size < toolsMax)
          tools.set(part.block, { name: part.name, isText: part.kind === 'custom', input: '' })
        break
      case 'tool-input-delta': {
        const tool = tools.get(part.block)
        if (tool !== undefined) tool.input = cut(tool.input, part.text)
        break
      }
      default:
    }
  }
  return {
    see,
    answer: (status, usage) => {
      const schemas: ReturnType<typeof toolSchemas> = tools.size === 0 ? new Map() : toolSchemas(call)
      const uses = [...tools.values()].map(
        ({ name, input, isText }): ToolUse => ({
          name,
          input,
          isValid: isText ? null : fitsTool(input, schemas.get(name)),
        }),
      )
      const isJson = asksJson(call) && uses.length === 0 ? parsed(text) !== undefined : null
      const reported = usage?.source === 'reported' ? usage : null
      const { input: inputTokens, output: outputTokens } = reported ?? { input: null, output: null }
      return { status, finish, tools: uses, text, isJson, isRefusal, inputTokens, outputTokens }
    },
  }
}
