/** Names of tools in the form that a format demands: renamed for the target, and called by the caller's own name in the answer. */

import { createHash } from 'node:crypto'
import type { Block, ChatRequest, Message, Tool, ToolChoice } from './chat-request.ts'
import type { Part } from './part.ts'

/** What a format takes. */
export type ToolNameForm = RegExp

/** OpenAI's (its OpenAPI document and Open Responses, read 2026-12-01) and Bedrock's (its API reference and refusals: github.com/awslabs/mcp/issues/3181). */
export const plainToolName: ToolNameForm = /^[a-zA-Z0-9_-]{1,64}$/
/** Claude's, as its refusals quote it: 64 characters until June of 2025 (github.com/modelcontextprotocol/modelcontextprotocol/issues/1345). */
export const claudeToolName: ToolNameForm = /^[a-zA-Z0-9_-]{1,128}$/
/** Many servers speak Chat Completions, and Kimi's refuses what does not begin with a letter (github.com/MoonshotAI/kimi-cli/issues/1773 and 2531). */
export const chatToolName: ToolNameForm = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/
/** What both of Gemini's doors take: Google AI takes colons, Vertex AI none (github.com/google-gemini/gemini-cli/issues/9535, github.com/cloudflare/agents/issues/406). */
export const geminiToolName: ToolNameForm = /^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/

const [lengthMax, digestLength] = [64, 8]

/** A name that every format takes. The digest keeps those apart that differ in what is not taken, whatever other tools there are. */
const renamed = (name: string): string => {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, digestLength)
  const readable = name.replace(/[^a-zA-Z0-9_-]/g, '_').replace(/^(?![a-zA-Z])/, 't')
  return `${readable.slice(0, lengthMax - digestLength - 1)}_${digest}`
}

const ofBlock = (block: Block, rename: (name: string) => string): Block => {
  if (block.type === 'tool-call' && block.executor === 'caller') return { ...block, name: rename(block.name) }
  if (block.type === 'tool-result' && block.executor === 'caller' && block.name !== null)
    return { ...block, name: rename(block.name) }
  return block
}

const ofChoice = (choice: ToolChoice | null, rename: (name: string) => string): ToolChoice | null => {
  if (choice?.mode === 'tool') return { ...choice, name: rename(choice.name) }
  return choice?.mode === 'allowed' ? { ...choice, names: choice.names.map(rename) } : choice
}

/** The caller's own names by those that went out; empty where all fit. */
export type ToolNames = ReadonlyMap<string, string>

export type Fitted = { readonly request: ChatRequest; readonly names: ToolNames }

/** The request with names that a target takes, wherever a tool is named. */
export const fitToolNames = (request: ChatRequest, form: ToolNameForm | undefined): Fitted => {
  const names = new Map<string, string>()
  if (form === undefined) return { request, names }
  const rename = (name: string): string => {
    if (form.test(name)) return name
    const fitting = renamed(name)
    names.set(fitting, name)
    return fitting
  }
  const ofTool = (tool: Tool): Tool => (tool.kind === 'provider' ? tool : { ...tool, name: rename(tool.name) })
  const ofMessage = (message: Message): Message => ({
    ...message,
    content: message.content.map((block) => ofBlock(block, rename)),
  })
  const fitted = {
    ...request,
    tools: request.tools.map(ofTool),
    toolChoice: ofChoice(request.toolChoice, rename),
    messages: request.messages.map(ofMessage),
  }
  return names.size === 0 ? { request, names } : { request: fitted, names }
}

/** A part of the answer as the caller knows the tool. */
export const withOwnName = (part: Part, names: ToolNames): Part => {
  if (part.type !== 'tool-input-start' || part.executor !== 'caller') return part
  const name = names.get(part.name)
  return name === undefined ? part : { ...part, name }
}
