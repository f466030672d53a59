/** Which texts name a model. The catalog says most of it; families catch what is newer or older than it. */

import type { Catalog } from '#catalog/model.ts'

const families: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:ft:)?(?:gpt-(?:3\.5|4|4o|4\.1|4\.5|5|5\.\d)(?:$|[-.:][\w.:-]*$)|gpt-4o[\w.-]*$|o[134](?:-(?:mini|pro|preview|deep-research))?(?:-\d{4}[\d-]*)?$|chatgpt-[\w.-]+$|gpt-oss-[\w.-]+$|text-(?:davinci|curie|babbage|ada|embedding)-[\w.-]+$|(?:davinci|babbage)-00\d$|code-davinci-00\d$|dall-e-[23]$|whisper-1$|tts-1(?:-hd)?$|gpt-image-[\w.-]+$|omni-moderation[\w.-]*$|text-moderation[\w.-]*$|computer-use-preview[\w.-]*$|codex-mini[\w.-]*$|gpt-realtime[\w.-]*$)/,
    'openai',
  ],
  [/^claude-(?:\d|instant|sonnet|opus|haiku|v\d)[\w.@:-]*$/, 'anthropic'],
  [
    /^(?:models\/)?(?:gemini-[\w.-]+|text-embedding-00\d|embedding-001|gemma-[\w.-]+|imagen-[\w.-]+|veo-[\w.-]+|text-bison[\w@-]*|chat-bison[\w@-]*|palm-2[\w-]*)$/,
    'google',
  ],
  [
    /^(?:(?:us|eu|apac|global|us-gov|jp|au)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|openai|qwen|moonshot|moonshotai|stability|writer|twelvelabs)\.(?=[\w.]*-)(?=\D*\d)[\w.-]+(?::\d+(?::\w+)?)?$/,
    'bedrock',
  ],
  [
    /^(?:open-)?(?:mistral-(?:tiny|small|medium|large|nemo|embed|ocr|saba)|mixtral-|codestral-|ministral-|pixtral-|magistral-|devstral-)[\w.-]*$|^mistral-(?:tiny|small|medium|large|embed)$|^codestral-latest$/,
    'mistral',
  ],
  [
    /^(?:command(?:-(?:r|r-plus|light|nightly|a|xlarge)[\w.-]*)|embed-(?:english|multilingual)-[\w.-]+|embed-v4[\w.-]*|rerank-[\w.-]+)$/,
    'cohere',
  ],
  [/^(?:kimi-[\w.-]+|moonshot-v1-[\w-]+)$/, 'moonshot'],
  [/^deepseek-(?:chat|reasoner|coder|r1|v\d)[\w.:-]*$/, 'deepseek'],
  [/^grok-[\w.-]+$/, 'xai'],
  [/^(?:llama-?[234]|llama3|meta-llama)[\w.:/-]*$/, 'meta'],
  [/^(?:qwen[\d.]*-[\w.:-]+|qwq-[\w.-]+|qwen-(?:max|plus|turbo|long)[\w-]*)$/, 'alibaba'],
  [/^(?:glm-\d[\w.-]*|chatglm[\w-]*)$/, 'zhipu'],
  [/^(?:sonar(?:-pro|-reasoning|-deep-research)[\w-]*|llama-3\.1-sonar-[\w-]+)$/, 'perplexity'],
  [/^voyage-[\w.-]+$/, 'voyageai'],
]

const prefixes =
  /^(?:openai|azure|azure_ai|anthropic|gemini|google|google-gla|google-vertex|vertex_ai|bedrock|bedrock_converse|mistral|mistralai|cohere|groq|deepseek|moonshot|moonshotai|xai|x-ai|openrouter|together_ai|together|fireworks_ai|perplexity|ollama|ollama_chat|huggingface|meta-llama|qwen|z-ai|zai-org|moonshotai|deepseek-ai|nvidia|cerebras|accounts\/fireworks\/models)[/:](?=\S)/i

export type ModelNames = {
  readonly known: ReadonlySet<string>
  /** Letters and digits only -> the name, for constants such as `GPT4oMini`. */
  readonly byLetters: ReadonlyMap<string, string>
}

const lettersOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** The names of a catalog. Names that are plain words are left out: they would be found everywhere. */
export const modelNames = (catalog: Catalog | null): ModelNames => {
  const known = new Set<string>()
  const byLetters = new Map<string, string>()
  for (const vendor of catalog?.vendors ?? []) {
    for (const [name] of vendor.byName) {
      if (!/\d/.test(name) && !name.includes('-') && !name.includes('/')) continue
      known.add(name)
      if (!name.includes('/') && !byLetters.has(lettersOf(name))) byLetters.set(lettersOf(name), name)
    }
  }
  for (const name of [
    'gpt-3.5-turbo',
    'gpt-3.5-turbo-16k',
    'gpt-4',
    'gpt-4-32k',
    'gpt-4-turbo',
    'gpt-4-turbo-preview',
    'gpt-4-vision-preview',
    'gpt-4o',
    'gpt-4o-mini',
    'o1',
    'o1-mini',
    'o1-preview',
    'o3-mini',
    'text-embedding-ada-002',
    'text-embedding-3-small',
    'text-embedding-3-large',
    'text-davinci-003',
    'dall-e-2',
    'dall-e-3',
    'whisper-1',
    'tts-1',
    'claude-3-opus-20240229',
    'claude-3-sonnet-20240229',
    'claude-3-haiku-20240307',
    'claude-3-5-sonnet-20241022',
    'claude-3-5-sonnet-20240620',
    'claude-3-5-haiku-20241022',
    'claude-3-7-sonnet-20250219',
    'claude-3-5-sonnet-latest',
    'claude-3-7-sonnet-latest',
    'claude-3-5-haiku-latest',
    'claude-sonnet-4-20250514',
    'claude-opus-4-20250514',
    'claude-sonnet-4-5',
    'claude-opus-4-1',
    'claude-haiku-4-5',
  ])
    if (!byLetters.has(lettersOf(name))) byLetters.set(lettersOf(name), name)
  return { known, byLetters }
}

/** The model's own name, without the provider that frameworks and gateways write before it: `openai/gpt-4o`, `anthropic:claude-…`. */
export const bareModel = (text: string): string =>
  text
    .replace(prefixes, '')
    .replace(prefixes, '')
    .replace(/^[\w-]+\//, '')

/** Whose model a text names, or null if it names none. */
export const modelProvider = (names: ModelNames, text: string): string | null => {
  if (text.length < 2 || text.length > 120 || /[\s{}()<>,;=]/.test(text)) return null
  const bare = text.replace(prefixes, '').replace(prefixes, '')
  const family = families.find(([form]) => form.test(bare) || form.test(text))?.[1]
  if (family !== undefined) return family
  if (
    bare !== text &&
    /^[\w.:/@-]+$/.test(bare) &&
    /\d|-/.test(bare) &&
    !/\.(?:git|js|py|ts|json|md|html?)$/.test(bare) &&
    /^(?:openai|anthropic|gemini|vertex_ai|bedrock|mistralai?|cohere|groq|deepseek(?:-ai)?|moonshot(?:ai)?|xai|x-ai|openrouter|together_ai|fireworks_ai|meta-llama|qwen|accounts\/fireworks\/models)[/:]/i.test(
      text,
    ) &&
    !/^(?:openai|anthropic|mistralai)[/]openai|^[\w-]+\/[\w-]+(?:-(?:sdk|go|python|node|java|api|client))/.test(text)
  )
    return 'other'
  return names.known.has(text) && text.length > 4 ? 'other' : null
}

/** The model that a constant of an SDK stands for: `GPT4oMini`, `ChatModel.GPT_4O`, `ModelClaude3_7SonnetLatest`. */
export const modelOfConstant = (names: ModelNames, constant: string): string | null => {
  const letters = lettersOf(constant)
  for (const start of [
    '',
    'chatmodel',
    'model',
    'openaimodel',
    'embeddingmodel',
    'imagemodel',
    'responsesmodel',
    'modelid',
    'chatcompletionmodel',
    'anthropicmodel',
  ]) {
    if (start !== '' && !letters.startsWith(start)) continue
    const found = names.byLetters.get(letters.slice(start.length))
    if (found !== undefined) return found
  }
  const old: Readonly<Record<string, string>> = {
    adaembeddingv2: 'text-embedding-ada-002',
    smallembedding3: 'text-embedding-3-small',
    largeembedding3: 'text-embedding-3-large',
    createimagemodeldalle3: 'dall-e-3',
  }
  return old[letters] ?? null
}
