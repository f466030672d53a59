/**
 * Carriers on their way through formats that are not their own. A format with an opaque field (a signature, encrypted data)
 * holds any carrier: its own as it is, one of another format inside an envelope that this module alone opens.
 */

import { Buffer } from 'node:buffer'
import { isObject } from '#base/json-type.ts'
import type { Carrier } from './part.ts'

/** Whose a carrier is. Values of `openai-chat` are whole reasoning details in JSON, of makers that are not listed here. */
export const carrierFormats = {
  anthropic: 'anthropic',
  openaiResponses: 'openai-responses',
  gemini: 'gemini',
  openaiChat: 'openai-chat',
} as const

/**
 * The envelope is base64 as a whole: Gemini's signatures are bytes, and its SDK for Python refuses a text that is not base64 and writes
 * the bytes back in the other alphabet (`google-genai` 3.6.1, types.Part, read 2026-11-29).
 */
const mark = 'drover1.'
const markLetters = Buffer.from(mark).toString('base64').slice(0, 10)
/** Longer texts are not opened: no provider's signature comes near. */
const envelopeLengthMax = 4_194_304

/**
 * For a thought that is told without a secret, towards clients that send back only what has one: it holds nothing, and is nothing when
 * it comes back (`@ai-sdk/openai` 4.0.118 leaves out items without `encrypted_content`, read 2026-11-29).
 */
export const plainThought: Carrier = { format: 'plain', value: '' }

/** Whether it must go to somebody. */
export const holdsSecret = ({ format }: Carrier): boolean => format !== plainThought.format

/** One carrier as an opaque text of the format `own`. */
export const sealCarrier = (carrier: Carrier, own: string): string =>
  carrier.format === own
    ? carrier.value
    : Buffer.from(
        `${mark}${JSON.stringify([carrier.format, carrier.value, ...(carrier.redacted === true ? ['redacted'] : [])])}`,
      ).toString('base64')

/** The carrier that an opaque text of the format `own` holds. */
export const openCarrier = (text: string, own: string): Carrier => {
  if (!text.startsWith(markLetters) || text.length > envelopeLengthMax) return { format: own, value: text }
  try {
    // Either alphabet is read.
    const opened: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8').slice(mark.length))
    if (Array.isArray(opened) && typeof opened[0] === 'string' && typeof opened[1] === 'string')
      return { format: opened[0], value: opened[1], ...(opened[2] === 'redacted' ? { redacted: true } : {}) }
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
  }
  // Only looks like an envelope: then it is what its format says it is.
  return { format: own, value: text }
}

/** The carrier of a thought that may not be read, which has a field of its own: it needs a mark only where it travels sealed. */
export const redactedCarrier = (text: string, own: string): Carrier => {
  const carrier = openCarrier(text, own)
  return carrier.format === own ? { ...carrier, redacted: true } : carrier
}

/** Whether one of them is a thought that may not be read. */
export const isRedacted = (carriers: readonly Carrier[]): boolean => carriers.some(({ redacted }) => redacted === true)

/** The carrier of this format among several. */
export const carrierOf = (carriers: readonly Carrier[], format: string): Carrier | undefined =>
  carriers.find((carrier) => carrier.format === format)

/** A JSON object inside a carrier's value; `null` = it holds none. */
export const carriedObject = (carrier: Carrier): ReturnType<typeof JSON.parse> => {
  try {
    const value: unknown = JSON.parse(carrier.value)
    return isObject(value) ? value : null
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}
