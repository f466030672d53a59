/** Tokens that credentials were exchanged for, kept while they hold: one exchange at a time, and a new token before the old one ends. */

import { boundedBytes } from '#base/bounded-bytes.ts'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Transport, UpstreamRequest } from './transport.ts'

/** A token and the wall-clock time of its end. */
export type Token = { readonly text: string; readonly endsMs: number }

/** Gives the token of this name, made anew where there is none or it ends. */
export type TokenKeeper = { readonly take: (name: string, make: () => Promise<Token>) => Promise<string> }

/** Sends a small request and reads the small JSON document that is answered; `null` = it was none, or too large. */
export type Ask = (
  request: Pick<UpstreamRequest, 'method' | 'url' | 'headers' | 'body'>,
) => Promise<{ readonly status: number; readonly document: JsonObject | null }>

/** The same where the small answer is a text; `null` = it was too large. */
export type AskText = (
  request: Parameters<Ask>[0],
) => Promise<{ readonly status: number; readonly text: string | null }>

/** So long before its end a token is renewed while it still serves. */
const renewMs = 300_000
/** With less than this left it is not sent any more. */
const leastMs = 30_000
const tokensMax = 100
/** Secret managers keep 64 KiB in a secret, which JSON may double. */
const answerBytesMax = 262_144
const timeoutMs = 15_000

type Kept = { readonly token: Token | null; readonly renewing: Promise<Token> | null }

/** Keeps the tokens of one provider. */
export const tokenKeeper = (): ((nowMs: number) => TokenKeeper) => {
  const all = new Map<string, Kept>()

  const renew = (name: string, make: () => Promise<Token>): Promise<Token> => {
    const { token = null, renewing = null } = all.get(name) ?? {}
    if (renewing !== null) return renewing
    if (!all.has(name) && all.size >= tokensMax) all.clear()
    const made = make()
    all.set(name, { token, renewing: made })
    made.then(
      (fresh) => all.set(name, { token: fresh, renewing: null }),
      // Who waits for it is told; the next call tries again.
      () => all.set(name, { token, renewing: null }),
    )
    return made
  }

  return (nowMs) => ({
    take: async (name, make) => {
      const token = all.get(name)?.token ?? null
      const leftMs = token === null ? 0 : token.endsMs - nowMs
      if (token === null || leftMs < leastMs) return (await renew(name, make)).text
      // A failure is dealt with where the promise was made; until the end there is time to try again.
      if (leftMs < renewMs) void renew(name, make)
      return token.text
    },
  })
}

const documentIn = (text: string | null): JsonObject | null => {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    // A page of a proxy: it gives no token.
    return null
  }
}

/** Asks over a way out, its guard and proxy included, within a bound of time. */
export const askTextOver =
  ({ send }: Pick<Transport, 'send'>, clock: Pick<Clock, 'after'>): AskText =>
  async (request) => {
    const stopping = new AbortController()
    const cancel = clock.after(timeoutMs, () => stopping.abort(new DOMException('No answer in time.', 'TimeoutError')))
    try {
      const bounds = { connectTimeoutMs: timeoutMs, headersTimeoutMs: timeoutMs }
      const reply = await send({ ...request, signal: stopping.signal, ...bounds })
      return { status: reply.status, text: (await boundedBytes(reply.body, answerBytesMax))?.toString('utf8') ?? null }
    } finally {
      cancel()
    }
  }

/** The document in what `askTextOver` is answered. */
export const askOver = (transport: Pick<Transport, 'send'>, clock: Pick<Clock, 'after'>): Ask => {
  const askText = askTextOver(transport, clock)
  return async (request) => {
    const { status, text } = await askText(request)
    return { status, document: documentIn(text) }
  }
}
