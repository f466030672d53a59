/** Asks a service with a signed request, and reads its short answer. */

import { Buffer } from 'node:buffer'
import { boundedBytes } from '#base/bounded-bytes.ts'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Transport } from '#http/transport.ts'
import { signatureHeaders } from './sign.ts'

/** An answer is a verdict, not a document. */
const answerBytesMax = 65_536

export type Question = {
  readonly id: string
  readonly url: string
  readonly secret: Secret
  readonly body: string
  readonly timeoutMs: number
}

const failed = (why: string): Problem => new Problem('upstream_error', { message: why })

const readAnswer = async (body: AsyncIterable<Buffer>): Promise<JsonObject> => {
  const bytes = await boundedBytes(body, answerBytesMax)
  if (bytes === null) throw failed(`it answered more than ${answerBytesMax} bytes`)
  let answer: unknown
  try {
    answer = JSON.parse(bytes.toString('utf8'))
  } catch {
    // What it says instead may hold anything, so it is not repeated.
    throw failed('its answer is not JSON')
  }
  if (!isObject(answer)) throw failed('its answer is not a JSON object')
  return answer
}

/** The JSON object that the service answers with a 2xx, within the timeout. @throws Problem saying why there is none. */
export const askSigned = async (
  question: Question,
  { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
): Promise<JsonObject> => {
  const { id, url, secret, body, timeoutMs } = question
  const limit = new AbortController()
  const cancel = clock.after(timeoutMs, () => limit.abort(failed(`no answer within ${timeoutMs} ms`)))
  try {
    const reply = await transport.send({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'drover',
        ...signatureHeaders({ id, timeMs: clock.nowMs(), body, secret }),
      },
      body: { kind: 'bytes', bytes: Buffer.from(body) },
      signal: limit.signal,
      connectTimeoutMs: timeoutMs,
      headersTimeoutMs: timeoutMs,
    })
    if (reply.status < 200 || reply.status >= 300) {
      reply.abort()
      throw failed(`it answered ${reply.status}`)
    }
    return await readAnswer(reply.body)
  } catch (thrown) {
    throw limit.signal.aborted ? limit.signal.reason : thrown
  } finally {
    cancel()
  }
}
