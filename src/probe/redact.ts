/** What a report may show of an exchange: heads and the two ends of bodies, without credentials. Pure. */

import type { Exchange } from './exchange.ts'

export type Evidence = {
  readonly request: string
  readonly response: string
  readonly ended: string
  readonly elapsed_ms: number
}

const headCharacters = 900
const tailCharacters = 500

/** Forms of credentials that a server might echo, or that stand in what it sends. */
const credentialForms =
  /\b(?:sk|pk|rk|hs|gsk|xai|or)-[A-Za-z0-9_-]{12,}|\bdrover-admin-[\w-]{8,}|\bAIza[\w-]{20,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+|(?<=bearer )[\w.~+/=-]{8,}/gi
const shownResponseHeaders =
  /^(?:content-type|content-encoding|content-length|transfer-encoding|retry-after|x-ratelimit-|ratelimit-|anthropic-ratelimit-|x-request-id|request-id|msh-request-id|x-ds-trace-id|x-should-retry|x-drover-|server$|openai-)/

/** Cuts the middle out of a long text. */
const shortened = (text: string): string =>
  text.length <= headCharacters + tailCharacters + 40
    ? text
    : `${text.slice(0, headCharacters)}\n… ${text.length - headCharacters - tailCharacters} characters …\n${text.slice(-tailCharacters)}`

/** Takes every credential out of a text: the ones that are known, and what looks like one. */
export const withoutSecrets = (text: string, secrets: readonly string[]): string => {
  let kept = text
  for (const secret of secrets) kept = kept.replaceAll(secret, 'REDACTED')
  return kept.replace(credentialForms, 'REDACTED').replace(/([?&]key=)[^&\s"]+/g, '$1REDACTED')
}

const headerLines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value.slice(0, 200)}`)
    .join('\n')

const requestBody = ({ ask }: Exchange): string => {
  if (ask.raw !== undefined)
    return `(${ask.raw.bytes.length} bytes of ${ask.raw.contentType}) ${ask.raw.bytes.toString('latin1', 0, 200).trim()}`
  return ask.body === undefined ? '' : JSON.stringify(ask.body)
}

/** One exchange, as text to read. */
export const evidenceOf = (exchange: Exchange, secrets: readonly string[]): Evidence => {
  const { ask, url, status, headers, body, end, fault } = exchange
  const answerHeaders = Object.fromEntries(Object.entries(headers).filter(([name]) => shownResponseHeaders.test(name)))
  const request = `${ask.method} ${url}\n${headerLines(exchange.requestHeaders)}\n\n${shortened(requestBody(exchange))}`
  const response =
    status === 0
      ? ''
      : `HTTP ${status}\n${headerLines(answerHeaders)}\n\n${shortened(body.toString('utf8', 0, 262_144))}`
  return {
    request: withoutSecrets(request, secrets),
    response: withoutSecrets(response, secrets),
    ended: fault === null ? end : `${end}: ${withoutSecrets(fault, secrets)}`,
    elapsed_ms: Math.round(exchange.endMs),
  }
}
