/**
 * Gemini on Vertex AI: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference, read 2026-11-28. The key is
 * the JSON of a service account, exchanged for tokens; an access token; or an API key. Closing a stream does not stop its bill
 * (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22), so the rest is read for its exact usage.
 */

import type { Secret } from '#base/log.ts'
import { exchangeToken, serviceAccountOf } from '#secret/google-token.ts'
import { anthropic } from './anthropic.ts'
import type { ClaudeHost } from './claude-elsewhere.ts'
import { forClaudeHost } from './claude-elsewhere.ts'
import { claudeHistory } from './claude-history.ts'
import { gemini, geminiHistories } from './gemini.ts'
import type { Vendor } from './vendor.ts'
import { bearer, makeVendor } from './vendor-defaults.ts'

/** https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations, read 2026-11-28. */
const locations: readonly string[] = [
  'us-central1',
  'us-east1',
  'us-east4',
  'us-east5',
  'us-south1',
  'us-west1',
  'us-west4',
  'northamerica-northeast1',
  'southamerica-east1',
  'europe-central2',
  'europe-north1',
  'europe-southwest1',
  'europe-west1',
  'europe-west2',
  'europe-west3',
  'europe-west4',
  'europe-west6',
  'europe-west8',
  'europe-west9',
  'asia-east1',
  'asia-east2',
  'asia-northeast1',
  'asia-northeast3',
  'asia-south1',
  'asia-southeast1',
  'australia-southeast1',
  'me-central1',
  'me-central2',
  'me-west1',
]

const anywhere = 'https://aiplatform.googleapis.com/v1'

const isClaude = /^claude-/

const host: ClaudeHost = { version: 'vertex-2023-10-16', cut: ['model'] }
/** A count names the model in its body. */
const countHost: ClaudeHost = { ...host, cut: [] }

/** Claude's own paths (https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude, and …/claude-count-tokens, read 2026-11-29). */
const claudePath = (path: string, model: string, stream: boolean): string => {
  const name = path === 'messages' ? encodeURIComponent(model).replaceAll('%40', '@') : 'count-tokens'
  return `publishers/anthropic/models/${name}:${stream ? 'streamRawPredict' : 'rawPredict'}`
}

const endpoint: Vendor['endpoint'] = ({ path, provider, protocol, model, stream }) => {
  const [credential] = provider.credentials
  const account = credential === undefined ? null : serviceAccountOf(credential)
  const project = provider.options['project'] ?? account?.project ?? null
  const own = protocol === 'anthropic-messages'
  const models = own ? claudePath(path, model, stream === true) : `publishers/google/${path}`
  // Only API keys go without a project: they belong to one.
  if (project === null) return { path: models, query: {} }
  const location = provider.options['location'] ?? provider.region ?? 'global'
  return {
    path: `projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}/${models}`,
    query: {},
  }
}

const isApiKey = (credential: Secret): boolean => /^(?:AIza|AQ\.)/.test(credential.reveal())

const authorise: Vendor['authorise'] = (credential) => {
  if (serviceAccountOf(credential) !== null) return {}
  return isApiKey(credential) ? { 'x-goog-api-key': credential.reveal() } : bearer(credential)
}

export const vertex: Vendor = makeVendor({
  name: 'vertex',
  title: 'Google Vertex AI',
  baseUrl: anywhere,
  regions: {
    global: anywhere,
    ...Object.fromEntries(locations.map((name) => [name, `https://${name}-aiplatform.googleapis.com/v1`])),
  },
  keyEnv: ['VERTEX_API_KEY'],
  options: {
    project: "The project that is billed. Absent: the service account's own; an API key needs none.",
    location: 'The location in the path. Absent: `region`, else `global`.',
  },
  identity: { options: ['project'], headers: ['x-goog-user-project'] },
  protocols: ['gemini', 'anthropic-messages', 'gemini-embeddings', 'vertex-predict'],
  // Only the newest make vectors by Gemini's own method (a recorded exchange of gemini-embedding-2).
  serves: (protocol, model) => {
    if (protocol === 'gemini' || protocol === 'anthropic-messages')
      return isClaude.test(model) === (protocol === 'anthropic-messages')
    return /^gemini-embedding-(?!001)/.test(model) === (protocol === 'gemini-embeddings')
  },
  counts: ['gemini', 'anthropic-messages'],
  adjust: (call) => forClaudeHost(call, call.endpoint === 'messages' ? host : countHost),
  histories: { ...geminiHistories, 'anthropic-messages': claudeHistory },
  headersNotTaken: ['anthropic-version'],
  endpoint,
  authorise,
  sign: async (request, signing) => {
    const account = serviceAccountOf(signing.credential)
    if (account === null) return request.headers
    const token = await signing.tokens.take(account.email, () => exchangeToken(account, signing))
    return { ...request.headers, authorization: `Bearer ${token}` }
  },
  dialect: (model) => (isClaude.test(model) ? anthropic.dialect(model.replace('@', '-')) : gemini.dialect(model)),
  streamUsage: 'always',
  leavePolicy: 'drain',
  checkPath: null,
  keyPage: 'https://console.cloud.google.com/apis/credentials',
})
