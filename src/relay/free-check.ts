/** A call to a provider that costs nothing: whether it is there, and takes a credential. */

import type { Clock } from '#base/clock.ts'
import { asProblem } from '#base/problem.ts'
import type { Upstream } from './snapshot.ts'

const urlOf = ({ provider, vendor }: Upstream): string => {
  const [path = '', query = ''] = (vendor.checkPath ?? '').split('?')
  const url = new URL(`${provider.baseUrl}/${path.replace(/^\/+/, '')}`)
  url.search = query
  return url.href
}

/** One call that costs nothing, with one credential (`null`: without). Gives the status, or why there was none. Any answer under 500 shows that the provider is there. */
export const askFreely = async (
  upstream: Upstream,
  keyIndex: number | null,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<number | string> => {
  const { provider, vendor, transport } = upstream
  const credential = keyIndex === null ? undefined : provider.credentials[keyIndex]
  const stopping = new AbortController()
  const cancel = clock.after(timeoutMs, () => stopping.abort(new DOMException('No answer in time.', 'TimeoutError')))
  try {
    const own = Object.entries(provider.headers).map(([name, value]) => [name, value.reveal()])
    const reply = await transport.send({
      method: 'GET',
      url: urlOf(upstream),
      headers: {
        ...Object.fromEntries(own),
        // What may be there to sign with is not sent to see whether somebody is there.
        ...(credential === undefined || vendor.sign !== undefined ? {} : vendor.authorise(credential)),
        'user-agent': 'drover',
      },
      body: { kind: 'none' },
      signal: stopping.signal,
      connectTimeoutMs: timeoutMs,
      headersTimeoutMs: timeoutMs,
    })
    reply.abort()
    return reply.status
  } catch (thrown) {
    return stopping.signal.aborted ? `no answer within ${timeoutMs} ms.` : asProblem(thrown).message
  } finally {
    cancel()
  }
}
