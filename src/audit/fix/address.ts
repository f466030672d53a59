/** Where an address of a vendor goes on the relay. */

import { knownUrl } from '#audit/rule/host.ts'

/** What vendors put before the paths of OpenAI's API; the relay has them below `/v1`. */
const prefixes: Readonly<Record<string, string>> = {
  groq: '/openai/v1',
  openrouter: '/api/v1',
  fireworks: '/inference/v1',
  zhipu: '/api/paas/v4',
  alibaba: '/compatible-mode/v1',
  volcengine: '/api/v3',
}
/** Vendors that answer without a version as well. */
const versionless = new Set(['deepseek', 'perplexity'])
/** Vendors of whose API the relay serves the paths that it has; others are reached through OpenAI's. */
const served = new Set([
  'openai',
  'anthropic',
  'moonshot',
  'mistral',
  'xai',
  'together',
  'deepseek',
  'perplexity',
  'cerebras',
  'siliconflow',
  ...Object.keys(prefixes),
])

/** The address on the relay, or null when it cannot say the same. `relay` ends with `/v1`. */
export const relayAddress = (url: string, relay: string): string | null => {
  const known = knownUrl(url)
  if (known === null || !known.isHost || known.provider === null || !served.has(known.provider) || /[{}%$]/.test(url))
    return null
  const match = /^https?:\/\/[^/?#]+([^?#]*)$/.exec(url)
  if (match === null) return null
  const path = match[1] ?? ''
  const origin = relay.replace(/\/v1\/?$/, '')
  // Its SDKs put `/v1/messages` behind the host by themselves.
  if (known.provider === 'anthropic') return `${origin}${path}`
  const prefix = prefixes[known.provider]
  if (prefix !== undefined) return path.startsWith(prefix) ? `${origin}/v1${path.slice(prefix.length)}` : null
  if (versionless.has(known.provider) && !path.startsWith('/v1')) return `${origin}/v1${path === '/' ? '' : path}`
  // The host alone is completed elsewhere.
  return path === '' || path === '/' || path.startsWith('/v1') ? `${origin}${path}` : null
}
