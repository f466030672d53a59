/** Pieces of a call that are known from what was asked, for prices by the piece: before it is made, and where its provider tells none. */

import { isObject } from '#base/json-type.ts'
import { soundBytesPerSecondMin, soundSeconds } from '#base/sound/length.ts'
import type { Call } from '#protocol/call.ts'

/** Documents that Cohere ranks for one search unit (https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-pricing.md, read 2026-12-01). */
const documentsPerUnit = 100
/** A longer document counts as several, of 500 tokens each (Cohere's list of prices, from memory). */
const documentCharactersMax = 2_000

const charactersIn = (document: unknown): number => {
  if (typeof document === 'string') return document.length
  return isObject(document) && typeof document['text'] === 'string' ? document['text'].length : 0
}

/** What ranking these documents is billed as; an estimate, since nobody counts their tokens. */
export const searchUnitsOf = (call: Call): number => {
  const { documents } = call.body()
  if (!Array.isArray(documents)) return 1
  const count = documents.reduce<number>(
    (sum, one) => sum + Math.max(1, Math.ceil(charactersIn(one) / documentCharactersMax)),
    0,
  )
  return Math.max(1, Math.ceil(count / documentsPerUnit))
}

/** The most seconds that a call to hear something can be billed as. */
export const secondsMaxOf = ({ payload, inputBytes, soundSeconds: stated }: Call): number => {
  if (stated !== undefined && stated !== null) return Math.ceil(stated)
  const bytes = payload.kind === 'form' ? payload.form.sizeBytes : payload.top.source.length
  return Math.max(inputBytes, Math.ceil(bytes / soundBytesPerSecondMin))
}

/** The call with how long the sound in its form plays. Of several files it is the sum. */
export const withSoundSeconds = async (call: Call): Promise<Call> => {
  if (call.payload.kind !== 'form') return call
  let sum: number | null = null
  for (const part of call.payload.form.parts) {
    if (part.kind !== 'file') continue
    const seconds = await soundSeconds(part)
    if (seconds === null) return { ...call, soundSeconds: null }
    sum = (sum ?? 0) + seconds
  }
  return { ...call, soundSeconds: sum }
}
