/** A call of the playground as code: for a shell and for the SDKs. The key is read from the environment, never written. */

import type { Ask } from './ask.ts'
import { bodyOf } from './ask.ts'

export type Piece = { readonly name: string; readonly text: string }

const pictureName = 'IMAGE_URL'

/** Pictures from this machine are too long for code: their place is marked. */
const withoutPictures = (ask: Ask): Ask => ({
  ...ask,
  images: ask.images.map((url) => (url.startsWith('data:') ? pictureName : url)),
})

const inner = (depth: number): string => '    '.repeat(depth)

/** A value of JSON as Python writes it. */
const python = (value: unknown, depth: number): string => {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'object') return JSON.stringify(value)
  const isArray = Array.isArray(value)
  const pieces = isArray
    ? value.map((one: unknown) => python(one, depth + 1))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one, depth + 1)}`)
  const [open, close] = isArray ? ['[', ']'] : ['{', '}']
  const line = `${open}${pieces.join(', ')}${close}`
  if (line.length <= 80 && !line.includes('\n')) return line
  return `${open}\n${pieces.map((piece) => `${inner(depth + 1)}${piece},`).join('\n')}\n${inner(depth)}${close}`
}

const pythonCode = (body: Readonly<Record<string, unknown>>, origin: string): string => `import os
from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=os.environ["DROVER_KEY"])
stream = client.chat.completions.create(
${Object.entries(body)
  .map(([name, value]) => `    ${name}=${python(value, 1)},`)
  .join('\n')}
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`

const nodeCode = (body: object, origin: string): string => `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: process.env.DROVER_KEY })
const stream = await client.chat.completions.create(${JSON.stringify(body, null, 2)})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? '')`

const curlCode = (body: object, origin: string): string => `curl -N ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer $DROVER_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`

/** The same call for a shell, Python and Node. */
export const codeOf = (ask: Ask, model: string, origin: string): readonly Piece[] => {
  const body = bodyOf(withoutPictures(ask), model)
  return [
    { name: 'curl', text: curlCode(body, origin) },
    { name: 'Python', text: pythonCode(body, origin) },
    { name: 'Node', text: nodeCode(body, origin) },
  ]
}
