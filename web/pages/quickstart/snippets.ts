/** The first call, as each client makes it. What a person copies works as it stands. */

export type Place = { readonly origin: string; readonly key: string | null; readonly model: string }
export type Snippet = {
  readonly id: string
  readonly title: string | null
  readonly install?: string
  readonly code: string
}

const shellKey = ({ key }: Place): string => key ?? '$DROVER_KEY'
const pythonKey = ({ key }: Place): string => (key === null ? 'os.environ["DROVER_KEY"]' : `"${key}"`)
const nodeKey = ({ key }: Place): string => (key === null ? 'process.env.DROVER_KEY' : `'${key}'`)
const exported = ({ key }: Place, name: string): string => `export ${name}=${key ?? '"$DROVER_KEY"'}`

const curl = (place: Place): string => `curl -N ${place.origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${shellKey(place)}" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"${place.model}","stream":true,"messages":[{"role":"user","content":"ping"}]}'`

const python = (place: Place): string => `${place.key === null ? 'import os\n\n' : ''}from openai import OpenAI

client = OpenAI(base_url="${place.origin}/v1", api_key=${pythonKey(place)})
answer = client.chat.completions.create(
    model="${place.model}",
    messages=[{"role": "user", "content": "ping"}],
)
print(answer.choices[0].message.content)`

const node = (place: Place): string => `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${place.origin}/v1', apiKey: ${nodeKey(place)} })
const answer = await client.chat.completions.create({
  model: '${place.model}',
  messages: [{ role: 'user', content: 'ping' }],
})
console.log(answer.choices[0].message.content)`

const langchain = (
  place: Place,
): string => `${place.key === null ? 'import os\n\n' : ''}from langchain_openai import ChatOpenAI

model = ChatOpenAI(model="${place.model}", base_url="${place.origin}/v1", api_key=${pythonKey(place)})
print(model.invoke("ping").content)`

const vercel = (place: Place): string => `import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText } from 'ai'

const drover = createOpenAICompatible({
  name: 'drover',
  baseURL: '${place.origin}/v1',
  apiKey: ${nodeKey(place)},
})
const { textStream } = streamText({ model: drover('${place.model}'), prompt: 'ping' })
for await (const text of textStream) process.stdout.write(text)`

const claudeCode = (place: Place): string => `export ANTHROPIC_BASE_URL=${place.origin}
${exported(place, 'ANTHROPIC_AUTH_TOKEN')}
export ANTHROPIC_MODEL=${place.model}
claude`

const codex = (place: Place): string => `# ~/.codex/config.toml
model = "${place.model}"
model_provider = "drover"

[model_providers.drover]
name = "Drover"
base_url = "${place.origin}/v1"
env_key = "DROVER_KEY"
wire_api = "responses"`

const anthropic = (place: Place): string => `${place.key === null ? 'import os\n\n' : ''}from anthropic import Anthropic

client = Anthropic(base_url="${place.origin}", api_key=${pythonKey(place)})
message = client.messages.create(
    model="${place.model}",
    max_tokens=200,
    messages=[{"role": "user", "content": "ping"}],
)
print(message.content[0].text)`

const gemini = (place: Place): string => `${place.key === null ? 'import os\n\n' : ''}from google import genai
from google.genai import types

options = types.HttpOptions(base_url="${place.origin}")
client = genai.Client(api_key=${pythonKey(place)}, http_options=options)
print(client.models.generate_content(model="${place.model}", contents="ping").text)`

const environment = (place: Place): string => `# What reads its settings from the environment needs no change.
export OPENAI_BASE_URL=${place.origin}/v1
${exported(place, 'OPENAI_API_KEY')}
export ANTHROPIC_BASE_URL=${place.origin}
${exported(place, 'ANTHROPIC_API_KEY')}
export GOOGLE_GEMINI_BASE_URL=${place.origin}
${exported(place, 'GEMINI_API_KEY')}`

/** In the order in which they are offered. */
export const snippetsFor = (place: Place): readonly Snippet[] => [
  { id: 'curl', title: 'curl', code: curl(place) },
  { id: 'python', title: 'Python', install: 'pip install openai', code: python(place) },
  { id: 'node', title: 'Node', install: 'npm install openai', code: node(place) },
  { id: 'langchain', title: 'LangChain', install: 'pip install langchain-openai', code: langchain(place) },
  { id: 'vercel', title: 'Vercel AI', install: 'npm install ai @ai-sdk/openai-compatible', code: vercel(place) },
  { id: 'claude-code', title: 'Claude Code', code: claudeCode(place) },
  { id: 'codex', title: 'Codex CLI', code: codex(place) },
  { id: 'anthropic', title: 'Anthropic', install: 'pip install anthropic', code: anthropic(place) },
  { id: 'gemini', title: 'Gemini', install: 'pip install google-genai', code: gemini(place) },
  { id: 'environment', title: null, code: environment(place) },
]
