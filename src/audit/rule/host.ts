/** Hosts and paths of the vendors' APIs. */

/** A host with the vendor behind it; `form` is matched against the whole host. */
const hosts: readonly (readonly [form: RegExp, provider: string])[] = [
  [/^(?:[a-z]{2}\.)?api\.openai\.com$/, 'openai'],
  [/^api\.anthropic\.com$/, 'anthropic'],
  [/^(?:[\w{}$-]+[.-])?(?:generativelanguage|aiplatform)\.googleapis\.com$/, 'google'],
  [
    /^[\w{}$.%-]+\.(?:openai\.azure\.com|cognitiveservices\.azure\.com|services\.ai\.azure\.com|inference\.ai\.azure\.com)$|^models\.(?:inference\.ai\.azure\.com|github\.ai)$/,
    'azure',
  ],
  [/^bedrock(?:-agent)?(?:-runtime)?(?:-fips)?\.[\w{}$-]+\.amazonaws\.com(?:\.cn)?$/, 'bedrock'],
  [/^(?:api|codestral)\.mistral\.ai$/, 'mistral'],
  [/^api\.cohere\.(?:ai|com)$/, 'cohere'],
  [/^api\.groq\.com$/, 'groq'],
  [/^api\.deepseek\.com$/, 'deepseek'],
  [/^api\.(?:moonshot|kimi)\.(?:cn|ai|com)$/, 'moonshot'],
  [/^(?:[a-z0-9-]+\.)?api\.x\.ai$/, 'xai'],
  [/^openrouter\.ai$/, 'openrouter'],
  [/^api\.together\.(?:xyz|ai)$/, 'together'],
  [/^api\.fireworks\.ai$/, 'fireworks'],
  [/^api\.perplexity\.ai$/, 'perplexity'],
  [/^api\.cerebras\.ai$/, 'cerebras'],
  [/^dashscope(?:-intl|-us)?\.aliyuncs\.com$/, 'alibaba'],
  [/^open\.bigmodel\.cn$|^api\.z\.ai$/, 'zhipu'],
  [/^api\.siliconflow\.(?:cn|com)$/, 'siliconflow'],
  [/^ark\.cn-[\w-]+\.volces\.com$/, 'volcengine'],
  [/^api\.(?:minimax|minimaxi)\.(?:chat|com|io)$/, 'minimax'],
  [/^api\.(?:baichuan-ai|stepfun|lingyiwanwu|01\.ai)\.?(?:com)?$/, 'other'],
  [/^(?:api-inference|router)\.huggingface\.co$/, 'huggingface'],
  [/^api\.replicate\.com$/, 'replicate'],
  [/^integrate\.api\.nvidia\.com$/, 'nvidia'],
  [/^api\.voyageai\.com$/, 'voyageai'],
  [/^api\.jina\.ai$/, 'jina'],
  [/^api\.deepinfra\.com$/, 'deepinfra'],
  [/^gateway\.ai\.cloudflare\.com$/, 'cloudflare'],
  [/^api\.portkey\.ai$/, 'portkey'],
  [/^oai\.helicone\.ai$|^anthropic\.helicone\.ai$/, 'helicone'],
]

/** Paths that only an LLM API has, with what they do. */
const paths: readonly (readonly [RegExp, string])[] = [
  [/\/chat\/completions(?:[?#]|$)/, 'chat'],
  [/\/v1\/messages(?:[?#/]|$)/, 'messages'],
  [/\/v1\/responses(?:[?#/]|$)/, 'responses'],
  [/\/v1\/completions(?:[?#]|$)|\/openai\/deployments\/[^/]+\/completions/, 'completions'],
  [/:(?:streamG|g)enerateContent/, 'chat'],
  [/:(?:batch)?[eE]mbedContents?/, 'embeddings'],
  [/\/model\/[^/]+\/(?:invoke|converse)/, 'chat'],
  [/\/v[12]\/(?:chat|generate)(?:[?#]|$)/, 'chat'],
  [/\/v[12]\/embed(?:dings)?(?:[?#]|$)|\/embeddings(?:[?#]|$)/, 'embeddings'],
  [/\/v1\/images\/(?:generations|edits|variations)/, 'images'],
  [/\/v1\/audio\/(?:transcriptions|translations|speech)/, 'audio'],
  [/\/v1\/moderations(?:[?#]|$)/, 'moderations'],
  [/\/v1\/models(?:[?#/]|$)/, 'models'],
  [/\/v[12]\/rerank(?:[?#]|$)/, 'rerank'],
  [/\/v1\/files(?:[?#/]|$)/, 'files'],
  [/\/v1\/batches(?:[?#/]|$)/, 'batches'],
]

export type KnownUrl = { readonly provider: string | null; readonly endpoint: string | null; readonly isHost: boolean }

const urlForm = /^(?:https?|wss?):\/\/([^/?#\s"'`]+)([^\s"'`]*)/i
const bareForm = /^([a-z0-9][a-z0-9.{}$-]*\.(?:com|ai|cn|xyz|co|io))(\/[^\s"'`]*)?$/i

/** What an address is to us; `null` = no LLM API. A path alone tells when it is one that only such APIs have. */
export const knownUrl = (text: string): KnownUrl | null => {
  const trimmed = text.trim()
  const match = urlForm.exec(trimmed) ?? bareForm.exec(trimmed)
  const host = (match?.[1] ?? '')
    .replace(/^[^@]*@/, '')
    .replace(/:\d+$/, '')
    // `https://api.openai.com${path}`: the path is filled in.
    .replace(/(?<=\.\w+)\{[^}]*\}?.*$/, '')
    .toLowerCase()
  const path = match === null ? trimmed : (match[2] ?? '')
  const endpoint = paths.find(([form]) => form.test(path))?.[1] ?? null
  const provider = hosts.find(([form]) => form.test(host))?.[1] ?? null
  if (provider !== null) return { provider, endpoint, isHost: true }
  // Of foreign or unknown hosts only the paths that are nobody else's count.
  const isTelling =
    /\/chat\/completions(?:[?#]|$)|:(?:streamG|g)enerateContent|\/v1\/messages(?:[?#]|$)|\/openai\/deployments\//.test(
      path,
    )
  return isTelling && /^\/|^\{|:\/\//.test(trimmed) ? { provider: null, endpoint, isHost: false } : null
}

/** Addresses of LLM APIs within a longer text, with their offsets. */
export const urlsIn = (text: string): readonly { readonly url: string; readonly at: number }[] => {
  const found: { url: string; at: number }[] = []
  for (const match of text.matchAll(/(?:https?|wss?):\/\/[^\s"'`<>)\\,;]+/gi)) {
    if (/\/\/(?:your|<)[\w-]*[.-]/i.test(match[0])) continue
    const url = match[0].includes('{') ? match[0] : match[0].replace(/\}+$/, '')
    if (knownUrl(url)?.isHost === true) found.push({ url, at: match.index })
  }
  return found
}
