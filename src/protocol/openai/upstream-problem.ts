/** An upstream's refusal in Drover's words, after the table of DESIGN.md section 5; the raw answer is kept inside. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { ProblemCode, RawAnswer } from '#base/problem.ts'
import { Problem } from '#base/problem.ts'
import { retryAfterMs } from './retry-after.ts'
import type { StatedError } from './stated-error.ts'
import { statedError } from './stated-error.ts'

const messageLengthMax = 300
const errorBodyBytesMax = 1024 * 1024

const silent: StatedError = { message: null, type: null, code: null, param: null, status: null }

const parse = (body: Uint8Array): unknown => {
  if (body.byteLength > errorBodyBytesMax) return null
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8').trim())
  } catch (cause) {
    // Providers and the proxies before them answer with pages and plain text too: those tell no fields.
    if (cause instanceof SyntaxError) return null
    throw cause
  }
}

/**
 * A provider's own words, fit for a caller: one line, bounded, without what may be a key, an account, an address or a
 * mailbox of the operator.
 */
export const presentable = (message: string): string => {
  const line = message
    .replace(/\s+/g, ' ')
    .replace(/\b[\w.+-]+@[\w-]+\.[\w.-]+\b/g, '[…]')
    .replace(/\bhttps?:\/\/\S+/g, '[…]')
    .replace(/\b(?:sk|pk|org|proj|key|user|acct|gsk|xai|Bearer)[-_ ][\w*.-]{6,}/g, '[…]')
    .replace(/(?=[\w-]*\d)[\w-]{24,}/g, '[…]')
    .trim()
  return line.length > messageLengthMax ? `${line.slice(0, messageLengthMax)}…` : line
}

const contextWords =
  /context[_ ]length|maximum context|context (?:window|size|limit)|model token limit|prompt is too long|input is too long|reduce the length|too many (?:input )?tokens|maximum number of (?:input )?tokens|exceed_context/i

/** Whether the refusal is about the length of the input; providers have no common code for it. */
const isContextLength = ({ message, code, type }: StatedError): boolean =>
  [code, type, message].some((text) => text !== null && contextWords.test(text))

const keyWords = /^(?:incorrect|invalid) api[ _-]?key|api[ _-]?key (?:is )?(?:not valid|invalid|expired|not found)/i

/** Some providers refuse the operator's key with a 400; those words must not reach a caller. */
const isAboutCredential = ({ message, code, type }: StatedError): boolean =>
  [code, type].some((text) => /^(?:invalid_api_key|API_KEY_INVALID|authentication_error)$/i.test(text ?? '')) ||
  keyWords.test(message ?? '')

const passingCode = (status: number, stated: StatedError): ProblemCode => {
  if (isContextLength(stated)) return 'context_length_exceeded'
  if (status === 413) return 'body_too_large'
  if (status === 415) return 'unsupported_media_type'
  if (status !== 404) return 'invalid_request_error'
  return /model/i.test(`${stated.code ?? ''} ${stated.param ?? ''} ${stated.message ?? ''}`)
    ? 'model_not_found'
    : 'not_found'
}

type Facts = Record<string, string | number>

const factsOf = (status: number, stated: StatedError): Facts => ({
  upstream_status: status,
  ...(stated.code === null ? {} : { upstream_code: presentable(stated.code) }),
  ...(stated.type === null ? {} : { upstream_type: presentable(stated.type) }),
})

/** A refusal on its way to becoming a problem; `how` it came, for the message. */
type Refusal = { readonly raw: RawAnswer; readonly stated: StatedError; readonly how: string }

/** The caller's own fault in the provider's eyes: passes as it is. */
const passing = ({ raw, stated, how }: Refusal): Problem =>
  new Problem(passingCode(raw.status, stated), {
    message:
      stated.message === null
        ? `The provider refused the request ${how}, without an explanation.`
        : `The provider refused the request: ${presentable(stated.message)}`,
    param: stated.param,
    status: raw.status,
    facts: factsOf(raw.status, stated),
    raw,
  })

const refusedCredential = ({ raw, stated }: Refusal): Problem =>
  new Problem('upstream_error', {
    message:
      'The provider refused the credential that this server uses, or its account cannot pay. Your own key is fine: the operator has to mend it.',
    facts: { ...factsOf(raw.status, stated), fault: 'credential' },
    raw,
  })

const overloaded = ({ raw, stated, how }: Refusal): Problem => {
  const waitMs = retryAfterMs(raw, stated.message)
  return new Problem('upstream_overloaded', {
    message: `The provider is at its limit, as it says ${how}. Repeat the request after a pause.`,
    ...(waitMs === null ? {} : { retryAfterMs: waitMs }),
    facts: factsOf(raw.status, stated),
    raw,
  })
}

const timedOut = ({ raw, stated, how }: Refusal): Problem =>
  new Problem('upstream_timeout', {
    message: `The provider gave up on the request by a deadline of its own, as it says ${how}.`,
    facts: { ...factsOf(raw.status, stated), deadline: 'upstream' },
    raw,
  })

const failed = ({ raw, stated, how }: Refusal): Problem =>
  new Problem('upstream_error', {
    message: `The provider failed ${how}${stated.message === null ? '.' : `: ${presentable(stated.message)}`}`,
    facts: factsOf(raw.status, stated),
    raw,
  })

/** Another relay's, that what we send comes back to it: nobody else is asked, since then it would come back again, from more sides each time. */
const looped = ({ raw, stated }: Refusal): Problem =>
  new Problem('loop_detected', {
    message:
      stated.message === null ? 'The provider says that the request comes back to it.' : presentable(stated.message),
    facts: factsOf(raw.status, stated),
    raw,
  })

/** 498 is Groq's "flex capacity exceeded", 529 Anthropic's "overloaded" (their error pages, read 2026-11-22). */
const mappings: Readonly<Record<number, (refusal: Refusal) => Problem>> = {
  400: passing,
  401: refusedCredential,
  402: refusedCredential,
  403: refusedCredential,
  404: passing,
  408: timedOut,
  413: passing,
  415: passing,
  422: passing,
  429: overloaded,
  498: overloaded,
  503: overloaded,
  504: timedOut,
  508: looped,
  529: overloaded,
}

const mapped = (refusal: Refusal): Problem => {
  const mapping = mappings[refusal.raw.status] ?? failed
  const tellsOfCredential = (mapping === passing || mapping === failed) && isAboutCredential(refusal.stated)
  return tellsOfCredential ? refusedCredential(refusal) : mapping(refusal)
}

/** A refusal as it came off the wire (status >= 300). Never throws. */
export const readProblem = (raw: RawAnswer): Problem =>
  mapped({ raw, stated: statedError(parse(raw.body)) ?? silent, how: `with status ${raw.status}` })

/**
 * By name, where an error inside an answer tells no status. Only what is certainly about the content is the caller's
 * fault: a provider that began with 200 had accepted the request, whatever type it gives its failure.
 */
const statusByName = ({ type, code }: StatedError): number => {
  const name = `${type ?? ''} ${code ?? ''}`
  if (/rate_limit|overloaded|capacity|quota/i.test(name)) return 429
  if (/timeout/i.test(name)) return 504
  if (/authentication|permission/i.test(name)) return 401
  return /content_filter|context_length/i.test(name) ? 400 : 502
}

/**
 * An error told inside a reply that began as a success: an event, or a whole document under 200. `bytes` are the document as
 * it came; without them (an event that also carries content) the error alone is kept.
 */
export const readInBandProblem = (document: JsonObject, bytes: Uint8Array | null): Problem => {
  const stated = statedError(document) ?? silent
  const raw: RawAnswer = {
    status: stated.status ?? statusByName(stated),
    headers: { 'content-type': 'application/json' },
    body: bytes ?? Buffer.from(JSON.stringify({ error: document['error'] })),
  }
  return mapped({ raw, stated, how: 'inside its answer' })
}

/** Whether the provider refused the operator's credential: its own words about it are for nobody else. */
export const refusesCredential = (problem: Problem): boolean => problem.detail.facts?.['fault'] === 'credential'

/** Bytes that are not the protocol: a page, a text, JSON that is cut or broken. `fault` tells which, for the attempt's record. */
export const notTheProtocol = (message: string, fault: 'protocol' | 'cut', cause?: unknown): Problem =>
  new Problem('upstream_error', {
    message,
    facts: { fault },
    ...(cause === undefined ? {} : { cause }),
  })
