/** The sandbox's embeddings: a unit vector of each text, made from its hash, so that the same text is always at the same place. */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { Problem } from '#base/problem.ts'
import type { SandboxJob } from './sandbox-job.ts'
import { inputTexts } from './sandbox-prompt.ts'

/** As text-embedding-3-small. */
const dimensionsDefault = 1_536
const dimensionsMax = 8_192
const textsMax = 2_048

const refuse = (param: string, message: string): never => {
  throw new Problem('invalid_request_error', { message, param, facts: { sandbox: true } })
}

/** Numbers in [-1, 1) from as many digests as it takes, 4 bytes each. */
const numbersOf = (text: string, count: number): Float64Array => {
  const seed = createHash('sha256').update(text).digest()
  const numbers = new Float64Array(count)
  let digest = seed
  for (let at = 0; at < count; at += 1) {
    const place = (at % 8) * 4
    if (place === 0) digest = createHash('sha256').update(seed).update(`${at}`).digest()
    numbers[at] = digest.readInt32LE(place) / 2 ** 31
  }
  return numbers
}

/** Of length 1, in the precision in which it travels. */
const vectorOf = (text: string, dimensions: number): Float32Array => {
  const numbers = numbersOf(text, dimensions)
  const length = Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0))
  return Float32Array.from(numbers, (value) => value / length)
}

const encoded = (vector: Float32Array, format: unknown): string =>
  format === 'base64'
    ? JSON.stringify(Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'))
    : JSON.stringify([...vector])

const dimensionsOf = (job: SandboxJob): number => {
  const { dimensions } = job.call.body()
  if (dimensions === undefined || dimensions === null) return dimensionsDefault
  if (typeof dimensions === 'number' && Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= dimensionsMax)
    return dimensions
  return refuse('dimensions', `'dimensions' must be a whole number from 1 to ${dimensionsMax}.`)
}

const textsOf = (job: SandboxJob): readonly string[] => {
  const { input } = job.call.body()
  if (input === '' || (Array.isArray(input) && (input.length === 0 || input.includes(''))))
    return refuse('input', "'input' must not be empty, nor hold an empty text.")
  const [, ...others] = inputTexts(input)
  if (others.length < textsMax) return [job.said, ...others]
  return refuse('input', `'input' must have at most ${textsMax} texts.`)
}

/** The document in pieces, one for each text: a large one is never whole in memory. */
export async function* embeddingDocument(job: SandboxJob): AsyncGenerator<string> {
  const format = job.call.body()['encoding_format']
  const dimensions = dimensionsOf(job)
  let tokens = 0
  let opening = '{"object":"list","data":['
  for (const [index, text] of textsOf(job).entries()) {
    tokens += await job.countTokens(text)
    yield `${opening}{"object":"embedding","index":${index},"embedding":${encoded(vectorOf(text, dimensions), format)}}`
    opening = ','
  }
  const usage = JSON.stringify({ prompt_tokens: tokens, total_tokens: tokens })
  yield `],"model":${JSON.stringify(job.call.model)},"usage":${usage}}`
}
