/**
 * Azure OpenAI: https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle, read 2026-11-22. Two forms of
 * address: the v1 API (`https://RESOURCE.openai.azure.com/openai/v1`, no version parameter, the deployment is the
 * body's `model`), and the dated one (option `api_version`), where the deployment is part of the path. The key goes
 * into `api-key`. The id of a request is in `apim-request-id` and `x-request-id`. Closing a stream stops its
 * generation and its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import type { Endpoint, Vendor } from './vendor.ts'
import { makeVendor, openaiDialect, openaiFamily, openaiHistories, openaiShelf } from './vendor-defaults.ts'

/** Responses name their deployment in the body in both forms of address. */
const endpoint: Vendor['endpoint'] = ({ path, model, provider, protocol }): Endpoint => {
  const version = provider.options['api_version']
  const query: Readonly<Record<string, string>> = version === undefined ? {} : { 'api-version': version }
  const base = new URL(provider.baseUrl).pathname.replace(/\/+$/, '')
  if (base.endsWith('/v1')) return { path, query }
  const root = base.endsWith('/openai') ? '' : 'openai/'
  if (version === undefined) return { path: `${root}v1/${path}`, query }
  return {
    path:
      model === '' || protocol === 'openai-responses'
        ? `${root}${path}`
        : `${root}deployments/${encodeURIComponent(model)}/${path}`,
    query,
  }
}

/**
 * The v1 API takes the deployment as `model`, the dated one as `deployment` (https://github.com/MicrosoftDocs/azure-ai-docs, realtime-audio-websockets.md,
 * read 2026-11-29 as shown in a commit).
 */
const realtime: Vendor['realtime'] = ({ model, provider, intent }) => {
  const { path, query } = endpoint({ path: 'realtime', model: '', provider, protocol: 'openai-chat' })
  if (intent === 'transcription') return { path, query: { ...query, intent } }
  return { path, query: { ...query, [query['api-version'] === undefined ? 'model' : 'deployment']: model } }
}

export const azure: Vendor = makeVendor({
  name: 'azure',
  title: 'Azure OpenAI',
  baseUrl: null,
  keyEnv: ['AZURE_OPENAI_API_KEY'],
  protocols: [...openaiFamily.filter((protocol) => protocol !== 'openai-moderations'), 'openai-responses'],
  options: { api_version: 'the dated API version (2024-10-21); leave it out for the v1 API' },
  authorise: (credential) => ({ 'api-key': credential.reveal() }),
  endpoint,
  dialect: openaiDialect,
  histories: openaiHistories,
  shelf: openaiShelf,
  background: true,
  // By the v1 API: https://learn.microsoft.com/azure/foundry/reference/rest/compactconversation, read 2026-11-29.
  compacts: true,
  realtime,
  requestIdHeaders: ['apim-request-id', 'x-request-id'],
  keyPage: 'https://portal.azure.com',
})
