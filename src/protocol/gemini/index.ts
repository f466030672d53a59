/** Google's Gemini API: the model stands in the path, and what is asked of it behind a colon. */

import { hasMember, spliceTopLevel } from '#base/json.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { Call, Converted, Edits } from '#protocol/call.ts'
import { carrierFormats } from '#protocol/carrier.ts'
import { addCost } from '#protocol/openai/cost.ts'
import { contentTypeOf, openaiReader } from '#protocol/openai/reply.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import type { OutgoingCall, Protocol, ProtocolEndpoint, RequestTarget } from '#protocol/protocol.ts'
import { geminiToolName } from '#protocol/tool-name.ts'
import { arrayReader } from './array-reader.ts'
import { geminiFields } from './fields.ts'
import { lowerOutput } from './lower-output.ts'
import { heartbeat, writeProblem, writeStreamProblem } from './problem.ts'
import { readChat } from './read-chat.ts'
import { geminiSteps } from './reply.ts'
import type { GeminiShape } from './request.ts'
import { readGeminiCall, streamOfArray, streamOfEvents } from './request.ts'
import { readUsage } from './usage.ts'
import { writeChat } from './write-chat.ts'
import { writeReply } from './write-reply.ts'

const shape: GeminiShape = {
  name: 'gemini',
  kind: 'chat',
  methods: ['generateContent', 'streamGenerateContent'],
  required: 'contents',
}

/** What stands behind the colon: as the caller wrote it, or as its wish to stream has it. */
const methodOf = ({ stream, endpoint }: Call): string => {
  if (!stream) return endpoint === 'countTokens' ? endpoint : 'generateContent'
  return endpoint === streamOfArray ? streamOfArray : streamOfEvents
}

const spliced = (call: Call, edits: Edits): Uint8Array => {
  const top = call.payload.kind === 'json' ? call.payload.top : null
  if (top === null) return new Uint8Array()
  // The model stands in the path; the member of the name is only what a translation began with.
  const cut = [...edits.cut, 'model'].filter((name) => hasMember(top, name))
  const idle = cut.length === 0 && Object.keys(edits.set).length === 0 && Object.keys(edits.rename).length === 0
  return idle ? top.source : spliceTopLevel(top, { ...edits, cut })
}

const writeCall = (call: Call, { model, edits }: RequestTarget): Converted<OutgoingCall> => ({
  value: {
    path: `models/${encodeURIComponent(model).replaceAll('%2F', '/')}:${methodOf(call)}`,
    contentType: 'application/json',
    body: { kind: 'bytes', bytes: spliced(call, edits) },
  },
  warnings: [],
})

export const gemini: Protocol = {
  name: 'gemini',
  kind: 'chat',
  endpoints: [
    ...shape.methods.map(
      (method): ProtocolEndpoint => ({
        path: `models/{model+}:${method}`,
        accepts: ['json'],
        roots: ['/v1beta', '/v1'],
      }),
    ),
    // Vercel's provider leaves `models/` out before a name with a slash (`@ai-sdk/google` 4.0.121, read 2026-11-29).
    ...shape.methods.map(
      (method): ProtocolEndpoint => ({
        path: `{model+}:${method}`,
        accepts: ['json'],
        roots: ['/v1beta'],
      }),
    ),
  ],
  lowerOutput,
  takesBack: [carrierFormats.gemini],
  fields: geminiFields,
  toolNames: geminiToolName,
  wantsTurn: true,
  counting: {
    endpoints: [{ path: 'models/{model+}:countTokens', accepts: ['json'], roots: ['/v1beta', '/v1'] }],
    path: 'countTokens',
    readCall: (inbound) => readGeminiCall(inbound, { ...shape, methods: ['countTokens'], required: '' }),
    counted: (call) => {
      const { generateContentRequest: camel, generate_content_request: snake } = call.body()
      const asked = camel ?? snake
      return isObject(asked) ? { ...call, body: () => asked } : call
    },
    // The API and Vertex AI have places of their own for instructions and tools; contents both take (https://ai.google.dev/api/tokens, read 2026-11-29).
    bodyOf: ({ contents, systemInstruction, tools }) => {
      if (tools !== undefined || !Array.isArray(contents)) return null
      const said = isObject(systemInstruction) ? [{ ...systemInstruction, role: 'user' }] : []
      return { contents: [...said, ...contents] }
    },
    readAnswer: ({ totalTokens }) => countOf(totalTokens),
    writeAnswer: (totalTokens) => ({ totalTokens }),
  },
  // Parameters lie in `generationConfig`, where rules of top-level members do not reach.
  parameterNames: {},
  server: {
    readCall: (inbound) => readGeminiCall(inbound, shape),
    readChat,
    writeReply,
    writeProblem,
    writeStreamProblem,
    heartbeat,
    addCost,
  },
  client: {
    path: 'generateContent',
    writeCall,
    writeChat,
    readReply: (call, head, options) => {
      const steps = geminiSteps(call)
      const isArray = call.stream && contentTypeOf(head) === 'application/json'
      return isArray ? arrayReader(steps) : openaiReader({ call, head, steps, ...options })
    },
    readProblem,
    readUsage,
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders: ['accept', 'x-goog-api-client', 'x-server-timeout'],
  },
}
