/** Names of environment variables and settings that are about LLM APIs. */

const vendors =
  'OPENAI|OPEN_AI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE_AI|GOOGLE_GENAI|GOOGLE_GENERATIVE_AI|GOOGLE_GEMINI|AZURE_OPENAI|AZURE_OAI|AOAI|AZURE_AI|MISTRAL|COHERE|CO|GROQ|DEEPSEEK|MOONSHOT|KIMI|XAI|GROK|OPENROUTER|TOGETHER|TOGETHERAI|FIREWORKS|PERPLEXITY|PPLX|CEREBRAS|DASHSCOPE|QWEN|ZHIPU|ZHIPUAI|ZAI|SILICONFLOW|VOYAGE|LITELLM|LLM|BEDROCK|OLLAMA|REPLICATE|HUGGINGFACE|HF|AI_GATEWAY|VERTEX|VERTEXAI|VERTEX_AI|NVIDIA|JINA|MINIMAX|LANGCHAIN|EMBEDDING|EMBEDDINGS|CHAT|GPT'
const parts =
  'API_KEY|APIKEY|KEY|API_TOKEN|TOKEN|AUTH_TOKEN|ACCESS_TOKEN|SECRET_KEY|BASE_URL|BASEURL|API_BASE|API_BASE_URL|BASE|API_URL|URL|ENDPOINT|API_ENDPOINT|HOST|API_HOST|MODEL|MODEL_NAME|MODEL_ID|CHAT_MODEL|DEFAULT_MODEL|EMBEDDING_MODEL|EMBED_MODEL|DEPLOYMENT|DEPLOYMENT_NAME|DEPLOYMENT_ID|CHAT_DEPLOYMENT|CHAT_DEPLOYMENT_NAME|API_VERSION|VERSION|ORG|ORGANIZATION|ORG_ID|ORGANIZATION_ID|PROJECT|PROJECT_ID|API_TYPE|MAX_TOKENS|TEMPERATURE|TIMEOUT|PROVIDER|REGION'

const exact = new RegExp(`^(?:[A-Z0-9]+_){0,4}?(?:${vendors})_(?:[A-Z0-9]+_){0,2}?(?:${parts})(?:_\\d+)?$`)
/** Words of vendors that are also words of other trades need a telling end. */
const weak =
  /^(?:[A-Z0-9]+_)*(?:CO|HF|CHAT|EMBEDDINGS?|BEDROCK|GPT|REPLICATE|VERTEX|NVIDIA|JINA|LANGCHAIN|AI_GATEWAY|GOOGLE_AI|HUGGINGFACE|OLLAMA|LLM)_/
const weakEnd =
  /_(?:API_KEY|MODEL|MODEL_NAME|MODEL_ID|BASE_URL|API_BASE|API_URL|API_TOKEN|DEPLOYMENT|DEPLOYMENT_NAME|ENDPOINT|HOST|URL|PROVIDER|TEMPERATURE|MAX_TOKENS|TOKEN)$/
const others = new Set([
  'HF_TOKEN',
  'GOOGLE_API_KEY',
  'GOOGLE_GENAI_USE_VERTEXAI',
  'MODEL_NAME',
  'OPENAI_PROXY',
  'LLM',
  'LLM_PROVIDER',
  'AWS_BEDROCK_MODEL',
  'ANTHROPIC_MODEL',
  'CLAUDE_CODE_USE_BEDROCK',
])

/** Whether a variable is about an LLM API. `CHAT_HOST` and `HF_HOME` are not. */
export const isLlmVariable = (name: string): boolean => {
  if (others.has(name)) return name !== 'MODEL_NAME'
  if (!exact.test(name)) return false
  const isStrong =
    /(?:^|_)(?:OPENAI|OPEN_AI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE_GENAI|GOOGLE_GENERATIVE_AI|AZURE_OAI|AOAI|MISTRAL|COHERE|GROQ|DEEPSEEK|MOONSHOT|KIMI|XAI|OPENROUTER|TOGETHER|TOGETHERAI|FIREWORKS|PERPLEXITY|DASHSCOPE|ZHIPU|ZHIPUAI|SILICONFLOW|LITELLM|CEREBRAS|VOYAGE|QWEN|PPLX)_/.test(
      name,
    )
  if (isStrong) return true
  if (/^(?:[A-Z0-9]+_)*CHAT_(?:HOST|URL|TOKEN|ENDPOINT|KEY)$/.test(name)) return false
  return weak.test(name) ? weakEnd.test(name) : true
}

/** What a variable holds, by its name. */
export const variableRole = (name: string): 'key' | 'base-url' | 'model' | 'other' => {
  if (/(?:KEY|TOKEN|SECRET)(?:_\d+)?$/i.test(name) && !/MAX_TOKENS?$/i.test(name)) return 'key'
  if (/(?:URL|BASE|ENDPOINT|HOST|URI)$/i.test(name)) return 'base-url'
  return /(?:MODEL|DEPLOYMENT|ENGINE)(?:_NAME|_ID)?$/i.test(name) ? 'model' : 'other'
}

/** Headers that only LLM APIs have, and who reads them. */
const headers: readonly (readonly [RegExp, string])[] = [
  [/^anthropic-(?:version|beta|dangerous-direct-browser-access)$/i, 'anthropic'],
  [/^openai-(?:organization|project|beta)$/i, 'openai'],
  [/^x-goog-api-key$/i, 'google'],
  [/^(?:http-referer|x-title)$/i, 'openrouter'],
  [/^x-(?:portkey|helicone)-[\w-]+$|^helicone-[\w-]+$/i, 'gateway'],
  [/^cf-aig-[\w-]+$/i, 'cloudflare'],
]
/** Whose header it is; `null` = not one of an LLM API alone. */
export const headerProvider = (name: string): string | null => headers.find(([form]) => form.test(name))?.[1] ?? null
