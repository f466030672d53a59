/** A call again as code, for a shell and the SDKs; the key is read from the environment, never written. */

import type { Call } from './call.ts'

export type Piece = { readonly name: string; readonly text: string }

const bodies: Readonly<Record<string, (model: string, stream: boolean) => unknown>> = {
  '/v1/messages': (model, stream) => ({ model, max_tokens: 1024, stream, messages: [{ role: 'user', content: '…' }] }),
  '/v1/responses': (model, stream) => ({ model, stream, input: '…' }),
  '/v1/embeddings': (model) => ({ model, input: '…' }),
}

const chatBody = (model: string, stream: boolean): unknown => ({
  model,
  stream,
  messages: [{ role: 'user', content: '…' }],
})

const curlOf = ({ path, model, stream }: Pick<Call, 'path' | 'model' | 'stream'>, origin: string): string => {
  const isGemini = path.startsWith('/v1beta/')
  const body = isGemini
    ? { contents: [{ role: 'user', parts: [{ text: '…' }] }] }
    : (bodies[path] ?? chatBody)(model ?? '', stream)
  return `curl ${stream ? '-N ' : ''}${origin}${path} \\
  -H "Authorization: Bearer $DROVER_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify(body)}'`
}

const python = (model: string, stream: boolean, origin: string): string => `import os
from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=os.environ["DROVER_KEY"])
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "…"}],
    stream=${stream ? 'True' : 'False'},
)`

const node = (model: string, stream: boolean, origin: string): string => `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: process.env.DROVER_KEY })
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: '…' }],
  stream: ${stream},
})`

/** As curl always; with the SDKs where the call was a chat. */
export const codeOf = (call: Call, origin: string): readonly Piece[] => {
  const curl = { name: 'curl', text: curlOf(call, origin) }
  if (call.path !== '/v1/chat/completions') return [curl]
  const model = call.model ?? ''
  return [
    curl,
    { name: 'Python', text: python(model, call.stream, origin) },
    { name: 'Node', text: node(model, call.stream, origin) },
  ]
}
