/** What the formats of embeddings that only providers have do alike: their bodies are made here, and their answers are read whole. */

import { Buffer } from 'node:buffer'
import { spliceTopLevel } from '#base/json.ts'
import { readProblem } from './openai/upstream-problem.ts'
import { readUsage } from './openai/usage.ts'
import type { ClientFace, ReplyReader, UpstreamProtocol, UpstreamProtocolName } from './protocol.ts'

export type EmbeddingFormat = Required<Pick<ClientFace, 'writeEmbedding' | 'readEmbedding'>> & {
  readonly name: UpstreamProtocolName
  /** Where a call goes, below the provider's address. */
  readonly pathOf: (endpoint: string, model: string) => string
  /** Whether the model stands in the body, or in the address. */
  readonly modelInBody: boolean
  readonly readProblem?: ClientFace['readProblem']
}

/** Never reached: what these formats answer is read by `readEmbedding`. */
const unread = (): ReplyReader => {
  throw new TypeError('an answer of this format is translated, never passed on')
}

/** A format of embeddings as a protocol that no caller speaks. */
export const embeddingClient = (format: EmbeddingFormat): UpstreamProtocol => ({
  name: format.name,
  kind: 'embedding',
  client: {
    writeCall: (call, { model, edits }) => {
      if (call.payload.kind !== 'json') throw new TypeError('a call for embeddings has a JSON body')
      const set = format.modelInBody ? { ...edits.set, model: JSON.stringify(model) } : edits.set
      const body = Buffer.from(spliceTopLevel(call.payload.top, { ...edits, set }))
      const path = format.pathOf(call.endpoint, model)
      return { value: { path, contentType: 'application/json', body: { kind: 'bytes', bytes: body } }, warnings: [] }
    },
    writeEmbedding: format.writeEmbedding,
    readEmbedding: format.readEmbedding,
    readReply: unread,
    readProblem: format.readProblem ?? readProblem,
    readUsage,
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders: [],
  },
})
