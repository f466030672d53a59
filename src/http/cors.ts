/** Calls from browsers: which origins may read answers. Credentials are keys in headers, never cookies, so none are allowed. */

export type Cors = {
  /** Headers of every answer to a request with these headers. */
  readonly answerHeaders: (headers: Readonly<Record<string, string>>) => Readonly<Record<string, string>>
  /** Headers of the answer to OPTIONS, given the methods of the path. */
  readonly preflightHeaders: (
    headers: Readonly<Record<string, string>>,
    methods: readonly string[],
  ) => Readonly<Record<string, string>>
}

const exposed =
  'x-request-id, request-id, retry-after, retry-after-ms, x-should-retry, idempotent-replayed, x-drover-original-request-id, ' +
  'x-drover-cache, x-drover-queued-ms, x-drover-provider, x-drover-model, x-drover-attempts, x-drover-cost, ' +
  'x-drover-warnings, x-drover-overhead-ms, x-drover-upstream-request-id, openai-processing-ms, ' +
  'x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, ' +
  'x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens'

const headerNames = /^[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2048}$/

/** `origins`: exact origins such as `https://app.example.com`, or `*`; none = no page may call. */
export const corsOf = (origins: readonly string[]): Cors => {
  const allowed = new Set(origins)
  const originOf = (headers: Readonly<Record<string, string>>): string | null => {
    const { origin } = headers
    if (origin === undefined) return null
    if (allowed.has('*')) return '*'
    return allowed.has(origin) ? origin : null
  }
  // Answers differ by origin as soon as one is allowed by name, also for those that are not.
  const vary: Readonly<Record<string, string>> = allowed.size > 0 && !allowed.has('*') ? { vary: 'origin' } : {}
  const answerHeaders: Cors['answerHeaders'] = (headers) => {
    const origin = originOf(headers)
    if (origin === null) return vary
    return { ...vary, 'access-control-allow-origin': origin, 'access-control-expose-headers': exposed }
  }
  const preflightHeaders: Cors['preflightHeaders'] = (headers, methods) => {
    const origin = originOf(headers)
    const allow = methods.join(', ')
    if (origin === null || headers['access-control-request-method'] === undefined) return { allow, ...vary }
    const wanted = headers['access-control-request-headers'] ?? ''
    return {
      allow,
      ...vary,
      'access-control-allow-origin': origin,
      'access-control-allow-methods': allow,
      ...(headerNames.test(wanted) ? { 'access-control-allow-headers': wanted } : {}),
      'access-control-max-age': '600',
    }
  }
  return { answerHeaders, preflightHeaders }
}
