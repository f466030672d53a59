/** The part of the sandbox that keeps things: files, batches. */

import type { UpstreamReply, UpstreamRequest } from '#http/transport.ts'
import type { ShelfAnswer, ShelfQuestion } from './sandbox-files.ts'
import { answerFiles } from './sandbox-files.ts'
import type { SandboxShelf } from './sandbox-shelf.ts'

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

const replyWith = ({ contentType, bytes }: ShelfAnswer): UpstreamReply => ({
  status: 200,
  headers: { 'content-type': contentType, 'content-length': String(bytes.length) },
  body: once(bytes),
  abort: () => undefined,
})

const stepsOf = ({ url }: UpstreamRequest): readonly string[] =>
  url.pathname
    .replace(/^\/v1\//, '')
    .split('/')
    .map(decodeURIComponent)

/** Answers a request about what is kept; `null` = it is about something else. Throws Problem. */
export const answerShelf = async (
  request: UpstreamRequest,
  { shelf, nowMs }: { readonly shelf: SandboxShelf; readonly nowMs: number },
): Promise<UpstreamReply | null> => {
  const steps = stepsOf(request)
  const isAnthropic = request.headers['anthropic-version'] !== undefined
  const question: ShelfQuestion = { request, shelf, nowMs, steps, isAnthropic }
  if (steps[0] === 'files') return replyWith(await answerFiles(question))
  return null
}
