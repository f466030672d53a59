// docs/reference/translation.md: what becomes of every field of every format in every other, from the tables of the formats.
import type { Fate, Feature, FieldMeaning } from '#protocol/feature.ts'
import { protocols, upstreamProtocols } from '#protocol/index.ts'
import type { UpstreamProtocol } from '#protocol/protocol.ts'

const titles: Readonly<Record<string, string>> = {
  'openai-chat': 'Chat Completions',
  'openai-responses': 'Responses',
  'openai-completions': 'Text completions',
  'anthropic-messages': 'Messages',
  gemini: 'Gemini',
  'bedrock-converse': 'Bedrock Converse',
  'cohere-chat': 'Cohere chat',
  'ollama-chat': 'Ollama chat',
}

const title = ({ name }: UpstreamProtocol): string => titles[name] ?? name

const inFront: readonly UpstreamProtocol[] = Object.values(protocols).filter(
  ({ server }) => server.readChat !== undefined,
)
const behind: readonly UpstreamProtocol[] = Object.values(upstreamProtocols).filter(
  ({ client }) => client.writeChat !== undefined,
)

const escaped = (text: string): string => text.replaceAll('|', '\\|')

const word = (fate: Fate): string => {
  if (fate === 'kept') return 'kept'
  return 'lost' in fate ? `**warned**: ${fate.lost}` : `converted: ${fate.converted}`
}

const fateOf = (meaning: FieldMeaning, to: UpstreamProtocol): string => {
  if (meaning === 'model' || meaning === 'stream') return 'kept'
  if (meaning === 'refused') return '**refused**: only a provider of the format itself can do it'
  if (meaning === 'here') return 'kept: Drover does it itself'
  if (meaning === 'own') return '**warned**: only its own format knows it'
  const fates = meaning.map((feature: Feature) => to.fields?.writes[feature] ?? 'kept')
  const words = [...new Set(fates.map(word))]
  if (words.length === 1) return words[0] ?? ''
  return meaning.map((feature, index) => `${feature} ${word(fates[index] ?? 'kept')}`).join('; ')
}

const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`

const tableOf = (from: UpstreamProtocol): string => {
  const others = behind.filter((to) => to.name !== from.name)
  const rows = Object.entries(from.fields?.fields ?? {}).map(([field, meaning]) =>
    row([`\`${field}\``, ...others.map((to) => fateOf(meaning, to))]),
  )
  const head = row(['Field', ...others.map((to) => `to ${title(to)}`)])
  return [`## ${title(from)}`, '', head, row(['---', ...others.map(() => '---')]), ...rows].join('\n')
}

export const translationPage = (): string => `# Translation

A call whose provider speaks the caller's own format passes byte for byte. Any other is translated: this page says for every
field of a request what becomes of it. It is made from the tables that the translation itself goes by
(\`src/protocol/*/fields.ts\`).

- **kept**: said in the other format as it was.
- **converted**: said otherwise, with the same effect, or as the row says.
- **warned**: cannot be said there. The call goes on without it and \`x-drover-warnings\` names the field; with
  \`x-drover-strict: true\`, or \`params: strict\` of the target, it is refused with 400 \`unsupported_parameter\` instead.

A field that is not listed is unknown to Drover: its own format gets it, any other is warned of it. Ids of tools that the target
does not take are renamed, the same way in a call and in its result. So are names of tools (dots, more than 64 characters, a digit or an underscore in front, as each
format has it): the caller gets its own back, in the answer and in every piece of its stream. A text that names a tool is left as it is.

Text completions (\`/v1/completions\`) go to providers that have them, where the model has such a target. Where it has none the prompt is one
message of a chat, and what the model says comes back as the text: a model of chats answers a prompt, it does not go on from it. Without
\`max_tokens\` the answer is as long as the model's may be, not 16 tokens as OpenAI's.

## What must come back unread

Signatures (Claude's thinking, Gemini's calls and thoughts) and encrypted reasoning (OpenAI) travel inside the caller's own opaque
field: \`reasoning_details\` and \`extra_content\` in Chat Completions, \`signature\` and \`redacted_thinking\` in Messages,
\`encrypted_content\` in Responses, \`thoughtSignature\` in Gemini. A client that brings them back needs nothing else.

Many clients of Chat Completions keep only the fields that OpenAI's types have, and Messages has no field for the signature of a call. So what
an answer with calls of tools needs back is kept for 60 minutes: encrypted, under the account and the id of the call, at most
1 MiB for a call, and for an account 10,000 calls and 64 MiB, the oldest going first. When the result of the tool comes and the
history lacks it, it is put back where it stood, also after a restart. An id that only counts (\`functions.tide:0\`, as Kimi has
them) finds it only behind the same question; a call whose name or arguments have changed finds nothing, and neither does
another account. Claude's signatures go to every provider of Claude, all others only to the provider that gave them.

| target | what goes back to it |
| --- | --- |
| Messages, Bedrock Converse | thinking with its signature, redacted thinking |
| Gemini, Vertex AI | signatures of calls, texts and thoughts |
| Gemini by Chat Completions | \`extra_content\` of calls |
| Responses | reasoning items with encrypted content |
| Chat Completions of Moonshot and DeepSeek | \`reasoning_content\` of messages with calls |
| Chat Completions of OpenRouter | \`reasoning\` and \`reasoning_details\` |

It does not work where there is no call of a tool to know the turn by: a thought before a plain answer is lost to a client that
strips it, which all of these providers take. It does not work either after 60 minutes, for a call larger than the bound (a warning
on the call's record says so), or where the target changes to another maker's: then Claude goes on without thinking in that turn, with a
warning, Gemini is told that another model made the call, and OpenAI goes on from the calls alone.

## Embeddings

\`/v1/embeddings\` and Gemini's \`:embedContent\` and \`:batchEmbedContents\` reach the same providers. One that speaks the caller's format (OpenAI and
all that are compatible, the compatible endpoints of Gemini, Cohere and Ollama; Gemini for Google's clients) is asked as it is; any other is translated:

| provider | asked by | several texts | \`dimensions\` | task (\`taskType\`) | usage |
| --- | --- | --- | --- | --- | --- |
| OpenAI and compatible | \`embeddings\` | yes | yes | **warned** | told |
| Gemini | \`:embedContent\`, \`:batchEmbedContents\` | yes | yes | yes | where told, else estimated |
| Vertex AI | \`:predict\`; \`gemini-embedding-2\` \`:embedContent\` | not \`gemini-embedding-001\`: refused | yes | yes | told |
| Cohere | \`/v2/embed\` | yes | yes | as \`input_type\`; none is \`search_document\`, with a warning | told |
| Bedrock, Cohere's models | InvokeModel | yes | yes | as Cohere | told |
| Bedrock, Titan | InvokeModel | refused: one text in a call | not v1: **warned** | **warned** | told |
| Ollama (\`ollama-native\`) | \`/api/embed\` | yes | yes | **warned** | told |

\`encoding_format: base64\` is made here where the provider answers with numbers. Usage that a provider does not tell is estimated from the bytes of the
text, for the answer and for the bill alike. A list of tokens is refused where it would mean nothing: it is of OpenAI's own tokeniser.
Images and audio endpoints (\`/v1/images/*\`, \`/v1/audio/*\`) go to those targets of a model whose providers have them in OpenAI's form; where none is
known to, the first of the model's targets is asked and judges for itself; where all of them have nothing in OpenAI's form (Claude, Bedrock), a 400 says so.

## Schemas for Kimi

Moonshot takes a subset of JSON Schema in tools and in \`response_format\`, and refuses a whole call over one schema that is not in it. Schemas of calls that go to it are
fitted, whatever format they came in: what the subset can say otherwise is said otherwise (\`type\` beside \`anyOf\` goes into its branches, \`oneOf\` is \`anyOf\`, \`const\` an
\`enum\`, lists of schemas one schema for all places, \`definitions\` and pointers to elsewhere lead to \`$defs\`, a choice at the top of a tool one object with the properties
of every branch); what it cannot say (\`format\`, \`not\`, \`patternProperties\` …) stands in the description, where the model reads it. \`x-drover-warnings\` names the schema
and why; \`params: strict\` and \`x-drover-strict: true\` refuse instead, naming the place. A schema that is in the subset keeps its bytes. \`$schema\` and \`$comment\` go without a word.
It is the repair \`schema-subset\`: \`options: { shims: none }\` of the provider turns it off, and another provider in front of Kimi gets it by the same option.

## Answers

Answers come back whole: text, thought, calls of tools with id, name and arguments, finish (the provider's own word beside the
caller's: \`native_finish_reason\` in Chat Completions, \`finishMessage\` of Gemini), usage, citations. What an answer
holds that the caller's format cannot say (results of a provider's own tools in Chat Completions) is a warning; of a stream it
stands on the call's record, because its head is gone by then. A stream that breaks off ends with an error and never as complete.

${inFront.map(tableOf).join('\n\n')}
`
