/** What staging tests are about, in whichever framework: an endpoint, and what the call sites of a manifest ask of it. */

import type { Json, JsonObject } from '#base/json-type.ts'
import type { Manifest } from '#probe/manifest.ts'

export type StagingRequest = {
  readonly baseUrl: string
  readonly model: string
  /** The environment variable that holds the key. */
  readonly keyVariable: string
  readonly manifest: Manifest | null
}

/** A call site and those of its parameters that are known and may be sent as they are. */
export type StagingSite = { readonly name: string; readonly parameters: JsonObject }

export type Staging = {
  readonly sites: readonly StagingSite[]
  readonly usesTools: boolean
  readonly usesStream: boolean
}

/** Parameters of the API itself; settings of SDKs (timeouts, retries) and content are not sent. */
const sendable = new Set([
  'temperature',
  'top_p',
  'n',
  'stop',
  'seed',
  'max_tokens',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'logprobs',
  'top_logprobs',
  'parallel_tool_calls',
  'reasoning_effort',
  'user',
  'stream_options',
])

const isKnown = (value: Json | undefined): boolean =>
  value !== null && value !== undefined && !(typeof value === 'string' && value.startsWith('env:'))

const sitesMax = 200

const parametersOf = (parameters: JsonObject): JsonObject => {
  const kept = Object.entries(parameters).filter(([name, value]) => sendable.has(name) && isKnown(value))
  const isStream = parameters['stream'] === true
  return Object.fromEntries(isStream ? [...kept, ['stream', true]] : kept.filter(([name]) => name !== 'stream_options'))
}

/** Reads a manifest for them; without one everything is tried. */
export const stagingOf = ({ manifest }: StagingRequest): Staging => {
  const calls = (manifest?.callSites ?? []).filter(({ endpoint }) => endpoint === 'chat' || endpoint === null)
  const has = (name: string): boolean => calls.some(({ parameters }) => Object.hasOwn(parameters, name))
  return {
    sites: calls.slice(0, sitesMax).map(({ name, parameters }) => ({ name, parameters: parametersOf(parameters) })),
    usesTools: manifest === null || has('tools') || has('functions'),
    usesStream: manifest === null || has('stream'),
  }
}

/** The settings at the head of each file, with their meaning. */
export const limits = {
  p99Ms: 30_000,
  calls: 20,
  usdPerCallMax: '0.01',
} as const
