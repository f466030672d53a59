/** The one vocabulary of embeddings between all formats that ask for them: what is asked, and what comes back. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'

/** What the vectors are for. */
export type EmbeddingTask =
  | 'query'
  | 'document'
  | 'similarity'
  | 'classification'
  | 'clustering'
  | 'question'
  | 'fact'
  | 'code-query'

export type EmbeddingInput = {
  readonly text: string
  readonly task: EmbeddingTask | null
  /** Of a document. */
  readonly title: string | null
}

export type EmbeddingRequest = {
  readonly inputs: readonly EmbeddingInput[]
  /** Whether one text was asked for, not a list of one: some formats answer that in a form of its own. */
  readonly single: boolean
  readonly dimensions: number | null
  /** How the caller wants the vectors. */
  readonly encoding: 'float' | 'base64'
  readonly user: string | null
  /** Fields that only the caller's own format knows. */
  readonly extra: JsonObject
}

export type EmbeddingReply = {
  readonly vectors: readonly (readonly number[])[]
  /** `null` = the provider does not say. */
  readonly usage: Usage | null
}

/** A list of numbers. @throws Problem `upstream_error` where it is none. */
export const vectorOf = (value: Json | undefined): readonly number[] => {
  if (Array.isArray(value) && value.every((one) => typeof one === 'number')) return value as readonly number[]
  throw new Problem('upstream_error', {
    message: 'The provider answered with success, but without the vectors that were asked for.',
    facts: { fault: 'protocol' },
  })
}

/** The vectors of a list of objects, each in the member of this name. */
export const vectorsIn = (list: Json | undefined, name: string): readonly (readonly number[])[] =>
  Array.isArray(list) ? list.map((one: Json) => vectorOf(isObject(one) ? one[name] : undefined)) : []

/** As OpenAI encodes them: 32-bit floats, little end first (https://github.com/openai/openai-node, `decodeBase64`, from memory). */
export const base64OfVector = (vector: readonly number[]): string => {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}

/** The vector in such a text. */
export const vectorOfBase64 = (text: string): readonly number[] => {
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_none, index) => bytes.readFloatLE(index * 4))
}

/** Bytes of a text to a token, where nobody counts. */
const bytesPerToken = 4

/** What a provider that tells no usage has read, by size. */
export const estimatedUsage = ({ inputs }: EmbeddingRequest): Usage => {
  const bytes = inputs.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  return usageOf({ input: Math.ceil(bytes / bytesPerToken), output: 0, source: 'estimated' })
}

/** Refuses several texts where the provider's API takes one. */
export const onlyText = ({ inputs }: EmbeddingRequest, api: string): EmbeddingInput => {
  const [only] = inputs
  if (inputs.length === 1 && only !== undefined) return only
  throw new Problem('unsupported_parameter', {
    message: `${api} takes one text in a call, and this one has ${inputs.length}. Send one call for each, or choose a model that takes several.`,
    param: 'input',
  })
}

/** The task that all inputs have; `null` = none, or several. */
export const taskOfAll = ({ inputs }: EmbeddingRequest): EmbeddingTask | null => {
  const tasks = new Set(inputs.map(({ task }) => task))
  const [only] = tasks
  return tasks.size === 1 ? (only ?? null) : null
}
