/** What a caller tells about a call in headers: tags, call site, session, conversation, the client's own deadline. */

import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import { armNamed } from '#migration/assign.ts'
import type { Arm } from '#migration/observation.ts'

const tagsMax = 16
const tagCharactersMax = 64
const labelCharactersMax = 256
/** What is kept back from the client's own deadline, so that the answer arrives before it ends. */
const clientDeadlineMarginMs = 250

export type Labels = {
  readonly tags: Readonly<Record<string, string>>
  readonly callSite: string | null
  readonly session: string | null
  readonly strict: boolean
  /** The caller is to be sent what the provider sends, byte for byte. */
  readonly exact: boolean
  /** The arm of a migration that a tester asks for by the usual header; `null` = none. */
  readonly arm: Arm | null
  /** Milliseconds from the arrival within which the route must end; `null` = the client said none. */
  readonly clientDeadlineMs: number | null
  /** Milliseconds of silence after which the client gives up by itself; `null` = it said none. */
  readonly clientSilenceMs: number | null
}

const labelOf = (inbound: Inbound, header: string): string | null => {
  const value = inbound.headers[header]
  if (value === undefined || value === '') return null
  if (value.length > labelCharactersMax)
    throw new Problem('invalid_request_error', {
      message: `Header ${header} is longer than ${labelCharactersMax} characters. Send a shorter value.`,
      param: header,
    })
  return value
}

const tagsOf = (text: string | undefined): Record<string, string> => {
  const tags: Record<string, string> = Object.create(null)
  if (text === undefined || text.trim() === '') return tags
  const pairs = text.split(',')
  const refuse = (why: string): never => {
    throw new Problem('invalid_request_error', {
      message: `Header x-drover-tags ${why}. Write it as "team=search,stage=live".`,
      param: 'x-drover-tags',
    })
  }
  if (pairs.length > tagsMax) refuse(`has more than ${tagsMax} tags`)
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    const value = pair.slice(at + 1).trim()
    if (at < 1 || name === '') refuse('has a tag without "="')
    if (name.length > tagCharactersMax || value.length > tagCharactersMax)
      refuse(`has a tag over ${tagCharactersMax} characters`)
    if (Object.hasOwn(tags, name)) refuse('names a tag twice')
    tags[name] = value
  }
  return tags
}

/**
 * `x-stainless-timeout`: the client's whole timeout in seconds, as the SDKs for JavaScript say it (openai-node
 * `src/client.ts`, read 2026-11-22). Those for Python say `x-stainless-read-timeout`, the longest silence and no deadline:
 * it is theirs to keep, and their programs wait for their own exception; another target is asked in time all the same.
 */
const withinTimeoutOf = (text: string | undefined): number | null => {
  const seconds = text === undefined ? Number.NaN : Number(text)
  if (!Number.isFinite(seconds) || seconds <= 0) return null
  const timeoutMs = seconds * 1_000
  return Math.max(timeoutMs / 2, timeoutMs - clientDeadlineMarginMs)
}

/** On or off; absent or empty = off. Whoever writes anything else would take for strict what is not. */
const switchOf = (inbound: Inbound, name: string): boolean => {
  const text = inbound.headers[name]?.trim().toLowerCase() ?? ''
  if (text === 'true' || text === '1') return true
  if (text === '' || text === 'false' || text === '0') return false
  throw new Problem('invalid_request_error', {
    message: `Header ${name} is neither "true" nor "false".`,
    param: name,
  })
}

/** The header by which testers choose an arm where a migration does not say otherwise. */
export const armHeader = 'x-drover-arm'

/** As for switches: whoever writes anything else would take the answer for one of an arm that it does not come from. */
const armOf = (inbound: Inbound): Arm | null => {
  const text = inbound.headers[armHeader]
  if (text === undefined || text.trim() === '') return null
  const arm = armNamed(text)
  if (arm !== null) return arm
  throw new Problem('invalid_request_error', {
    message: `Header ${armHeader} is neither "baseline" nor "candidate".`,
    param: armHeader,
  })
}

/** @throws Problem `invalid_request_error` naming the header that is too long or not of its form. */
export const labelsOf = (inbound: Inbound): Labels => ({
  tags: tagsOf(inbound.headers['x-drover-tags']),
  callSite: labelOf(inbound, 'x-drover-call-site'),
  session: labelOf(inbound, 'x-session-id'),
  strict: switchOf(inbound, 'x-drover-strict'),
  exact: switchOf(inbound, 'x-drover-exact'),
  arm: armOf(inbound),
  clientDeadlineMs: withinTimeoutOf(inbound.headers['x-stainless-timeout']),
  clientSilenceMs: withinTimeoutOf(inbound.headers['x-stainless-read-timeout']),
})
