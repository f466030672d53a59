import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointTable } from '#http/endpoint.ts'
import { protocols } from '#protocol/index.ts'
import { relayEndpoints } from './endpoints.ts'

const table = endpointTable(relayEndpoints(Object.values(protocols)))
const refusalOf = (method: string, path: string): string => {
  const { value } = table.match(method, path)
  return value.kind === 'refused' ? `${value.code}: ${value.message}` : value.kind
}

test('what clients know and the relay does not serve is refused in words of its own, and not sent elsewhere', () => {
  for (const [method, path, words] of [
    ['POST', '/v1/vector_stores', /not_found: Vector stores .* \/v1\/embeddings/],
    ['DELETE', '/v1/vector_stores/vs_1/files/file_1', /not_found: Vector stores/],
    ['POST', '/v1/threads/t/runs', /\/v1\/responses/],
    ['POST', '/v1/containers', /"type": "auto"/],
    ['GET', '/v1/videos/v_1/content', /not_found: Videos/],
    ['POST', '/anthropic/v1/skills', /not_found: Skills/],
    ['GET', '/v1/organization/usage/completions', /\/v1\/credits/],
    ['POST', '/v1/conversations/c_1/items', /invalid_request_error: .*previous_response_id/],
    ['POST', '/v1/realtime/calls/c_1/accept', /WebRTC/],
    ['POST', '/v1beta/models/gemini-2.5-flash:batchGenerateContent', /POST \/v1\/batches/],
    ['POST', '/v1beta/models/google/imagen-4:predict', /\/v1\/images\/generations/],
    ['POST', '/v1/models/gemini-2.5-flash:batchGenerateContent', /POST \/v1\/batches/],
    ['POST', '/v1/interactions', /not_found: Gemini/],
    ['POST', '/v1beta/models/veo-3:predictLongRunning', /not_found: Videos/],
  ] as const)
    assert.match(refusalOf(method, path), words, path)
})

test('and nothing that is served is in the way of it', () => {
  for (const [method, path, kind] of [
    ['POST', '/v1beta/models/a/b:generateContent', 'call'],
    ['GET', '/v1beta/models/a:predict', 'inquiry'],
    ['POST', '/upload/v1/files', 'binding'],
    ['POST', '/v1/cachedContents', 'binding'],
    ['GET', '/v1/fine_tuning/jobs/j/checkpoints', 'binding'],
    ['POST', '/v1/realtime/client_secrets', 'secret'],
  ] as const)
    assert.match(refusalOf(method, path), new RegExp(`^${kind}$`), path)
})
