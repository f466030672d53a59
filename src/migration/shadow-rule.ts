/** Which calls are never sent to a second provider, whatever the configuration says: a copy must do nothing but cost money. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { bucketOfUnit } from './assign.ts'

export type ShadowRefusal =
  | 'no_consent'
  | 'test'
  | 'not_chat'
  | 'files'
  | 'background'
  | 'continues'
  | 'stored'
  | 'server_tools'
  | 'several_answers'
  | 'too_large'

export type ShadowFacts = {
  /** Whether whoever the data belongs to has agreed to a further recipient. */
  readonly hasConsent: boolean
  readonly isTest: boolean
  /** What is asked for, `chat` … */
  readonly kind: string
  /** Name of the caller's format. */
  readonly format: string
  readonly bodyBytes: number
  /** Whether it names files that a provider keeps. */
  readonly namesFiles: boolean
  readonly body: () => JsonObject
}

/** A body is copied in memory: larger ones are not. */
export const shadowBodyBytesMax = 1_048_576

/** Members that continue what a provider keeps, or let it keep something. */
const continuing: readonly string[] = [
  'previous_response_id',
  'conversation',
  'thread_id',
  'cachedContent',
  'container',
]
/** Members that make a provider act by itself. */
const acting: readonly string[] = ['web_search_options', 'mcp_servers', 'plugins', 'search_parameters']

/** Tools that the caller's own program carries out; any other type is the provider's, also one that is new. */
const callerTools: ReadonlySet<unknown> = new Set([undefined, 'function', 'custom'])

const isServerTool = (tool: unknown): boolean => {
  if (!isObject(tool)) return true
  if (!callerTools.has(tool['type'])) return true
  // Gemini's tools have no type, but members: all but declared functions are Google's own.
  const isGemini = tool['type'] === undefined && tool['name'] === undefined
  return (
    isGemini && Object.keys(tool).some((name) => name !== 'functionDeclarations' && name !== 'function_declarations')
  )
}

const givenIn = (body: JsonObject, names: readonly string[]): boolean =>
  names.some((name) => body[name] !== undefined && body[name] !== null)

const hasServerTools = (body: JsonObject): boolean => {
  const { tools } = body
  return givenIn(body, acting) || (Array.isArray(tools) && tools.some(isServerTool))
}

/** Responses are kept unless the caller says otherwise; elsewhere only where it asks. */
const isStored = ({ format, body }: ShadowFacts): boolean => {
  const { store } = body()
  return format === 'openai-responses' ? store !== false : store === true
}

const severalIn = (body: JsonObject): boolean => {
  const generation = body['generationConfig']
  const count = body['n'] ?? (isObject(generation) ? generation['candidateCount'] : undefined)
  return typeof count === 'number' && count > 1
}

/** Why a call is not shadowed; `null` = it may be. The cheap questions come first, so that most bodies are never parsed. */
export const refusalOf = (facts: ShadowFacts): ShadowRefusal | null => {
  if (!facts.hasConsent) return 'no_consent'
  if (facts.isTest) return 'test'
  if (facts.kind !== 'chat') return 'not_chat'
  if (facts.bodyBytes > shadowBodyBytesMax) return 'too_large'
  if (facts.namesFiles) return 'files'
  const body = facts.body()
  if (body['background'] === true) return 'background'
  if (givenIn(body, continuing)) return 'continues'
  if (isStored(facts)) return 'stored'
  if (hasServerTools(body)) return 'server_tools'
  return severalIn(body) ? 'several_answers' : null
}

/**
 * Whether a conversation is among the share that is shadowed, in basis points: the same on every node, and another draw than the one that moves conversations.
 * `what` tells the copies apart: those for the candidate, those for the second answer of the baseline, and those that a judge compares.
 */
export const isSampled = (
  {
    salt,
    unit,
    what,
  }: { readonly salt: string; readonly unit: string; readonly what: 'candidate' | 'repeat' | 'judge' },
  shareBasisPoints: number,
): boolean => bucketOfUnit(`${salt}\u0000shadow ${what}`, unit) < shareBasisPoints
