/** Bedrock's Converse: one format for the models of all makers there, that only Bedrock speaks. */

import { spliceTopLevel } from '#base/json.ts'
import type { Call, Converted } from '#protocol/call.ts'
import { carrierFormats } from '#protocol/carrier.ts'
import type { OutgoingCall, RequestTarget, UpstreamProtocol } from '#protocol/protocol.ts'
import { plainToolName } from '#protocol/tool-name.ts'
import { bedrockFields } from './fields.ts'
import { readProblem } from './problem.ts'
import { converseReader } from './reply.ts'
import { readUsage } from './usage.ts'
import { writeChat } from './write-chat.ts'

/** The model stands in the path, which the vendor makes, and whether it streams is the last word there. */
const writeCall = (call: Call, { edits }: RequestTarget): Converted<OutgoingCall> => {
  const { payload } = call
  if (payload.kind !== 'json') throw new TypeError('a chat has a JSON body')
  const bytes = spliceTopLevel(payload.top, { ...edits, cut: [...edits.cut, 'model', 'models', 'provider', 'usage'] })
  const path = call.stream ? 'converse-stream' : 'converse'
  return { value: { path, contentType: 'application/json', body: { kind: 'bytes', bytes } }, warnings: [] }
}

export const bedrockConverse: UpstreamProtocol = {
  name: 'bedrock-converse',
  kind: 'chat',
  takesBack: [carrierFormats.anthropic],
  fields: bedrockFields,
  toolNames: plainToolName,
  wantsTurn: true,
  // Parameters lie in `inferenceConfig`, where rules of top-level members do not reach.
  parameterNames: {},
  client: {
    path: 'converse',
    writeCall,
    writeChat,
    readReply: converseReader,
    readProblem,
    readUsage,
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders: [],
  },
}
