/** Forms of credentials by vendor. A form that other vendors share counts only with a word of the vendor nearby. */

export type SecretRule = {
  readonly rule: string
  /** The credential is the first group. */
  readonly form: RegExp
  /** A word that must stand within the lines around. */
  readonly near?: RegExp
}

const bounded = (form: string): RegExp => new RegExp(`(?<![\\w-])(${form})(?![\\w-])`, 'g')

/** The first rule that matches a place names it. */
export const secretRules: readonly SecretRule[] = [
  { rule: 'anthropic-admin-key', form: bounded('sk-ant-admin\\d{2}-[\\w-]{40,}') },
  { rule: 'anthropic-api-key', form: bounded('sk-ant-(?:api\\d{2}-|sid\\d{2}-|oat\\d{2}-)?[\\w-]{32,}') },
  { rule: 'openrouter-api-key', form: bounded('sk-or-(?:v1-)?[a-f0-9]{48,64}') },
  { rule: 'openai-project-key', form: bounded('sk-(?:proj|svcacct|admin|None)-[\\w-]{40,}') },
  { rule: 'openai-api-key', form: bounded('sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}') },
  { rule: 'moonshot-api-key', form: bounded('sk-(?:kimi-)?[A-Za-z0-9]{40,64}'), near: /moonshot|kimi/i },
  { rule: 'deepseek-api-key', form: bounded('sk-[a-f0-9]{32}'), near: /deepseek/i },
  { rule: 'dashscope-api-key', form: bounded('sk-[a-f0-9]{32}'), near: /dashscope|qwen|aliyun/i },
  { rule: 'siliconflow-api-key', form: bounded('sk-[a-z]{48}'), near: /siliconflow/i },
  { rule: 'groq-api-key', form: bounded('gsk_[A-Za-z0-9]{48,56}') },
  { rule: 'xai-api-key', form: bounded('xai-[A-Za-z0-9]{70,90}') },
  { rule: 'google-api-key', form: bounded('AIza[\\w-]{35}') },
  {
    rule: 'google-service-account',
    form: /"private_key"\s*:\s*"(-----BEGIN (?:RSA )?PRIVATE KEY-----\\n[A-Za-z0-9+/=\\n]{100,})/g,
  },
  { rule: 'aws-access-key-id', form: bounded('(?:AKIA|ASIA)[A-Z2-7]{16}') },
  {
    rule: 'aws-secret-access-key',
    form: /(?:aws_?secret_?access_?key|secretAccessKey)["']?\s*[:=]\s*["']?([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])/gi,
  },
  { rule: 'aws-bedrock-api-key', form: bounded('ABSK[A-Za-z0-9+/]{100,}={0,2}') },
  { rule: 'huggingface-token', form: bounded('hf_[A-Za-z0-9]{34,40}') },
  { rule: 'perplexity-api-key', form: bounded('pplx-[A-Za-z0-9]{40,56}') },
  { rule: 'fireworks-api-key', form: bounded('fw_[A-Za-z0-9]{22,32}') },
  { rule: 'together-api-key', form: bounded('tgp_v1_[\\w-]{40,50}') },
  { rule: 'replicate-api-token', form: bounded('r8_[A-Za-z0-9]{36,40}') },
  { rule: 'cerebras-api-key', form: bounded('csk-[a-z0-9]{40,56}') },
  { rule: 'nvidia-api-key', form: bounded('nvapi-[\\w-]{60,70}') },
  { rule: 'voyage-api-key', form: bounded('pa-[\\w-]{40,46}'), near: /voyage/i },
  { rule: 'zhipu-api-key', form: bounded('[a-f0-9]{32}\\.[A-Za-z0-9]{16}'), near: /zhipu|bigmodel|glm/i },
  {
    rule: 'mistral-api-key',
    form: /(?<![\w-])([A-Za-z0-9]{32})(?![\w-])/g,
    near: /mistral[\w.]*_?(?:api_?)?key|mistral.{0,40}api_?key/i,
  },
  {
    rule: 'cohere-api-key',
    form: /(?<![\w-])([A-Za-z0-9]{40})(?![\w-])/g,
    near: /(?:cohere|\bCO)[\w.]*_?(?:api_?)?key|cohere.{0,40}api_?key/i,
  },
  {
    rule: 'azure-openai-key',
    form: /(?<![\w-])([a-f0-9]{32}|[A-Za-z0-9]{84})(?![\w-])/g,
    near: /azure.{0,30}(?:openai|oai|ai).{0,30}key|AZURE_OPENAI\w*KEY|AOAI\w*KEY/i,
  },
  { rule: 'openai-compatible-key', form: bounded('sk-[A-Za-z0-9]{32,64}') },
  {
    rule: 'llm-api-key',
    form: /(?:openai|anthropic|groq|mistral|cohere|moonshot|kimi|deepseek|xai|openrouter|together|gemini|llm)_?api_?key["']?\s*[:=]\s*["']([A-Za-z0-9_-]{24,})["']/gi,
  },
]
