/**
 * Amazon Bedrock by its Converse API: https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html, read
 * 2026-11-28. The key is a Bedrock API key, sent as it is, or an access key, which signs. Closing a stream stops neither its
 * generation nor its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import { Problem } from '#base/problem.ts'
import type { Dialect } from '#protocol/protocol.ts'
import { accessKeyOf, signRequest } from '#secret/aws-signature.ts'
import { anthropic } from './anthropic.ts'
import type { ClaudeHost } from './claude-elsewhere.ts'
import { forClaudeHost, unframed } from './claude-elsewhere.ts'
import { claudeHistory } from './claude-history.ts'
import type { Provider, Vendor } from './vendor.ts'
import { bearer, compatibleDialect, makeVendor } from './vendor-defaults.ts'

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html, read 2026-11-28. */
const regionNames: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'us-gov-east-1',
  'us-gov-west-1',
  'ca-central-1',
  'ca-west-1',
  'sa-east-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-7',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'af-south-1',
  'mx-central-1',
]

const isClaude = /anthropic\.claude-/

/** Those of https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html, the list from memory: one that it does not know is a 400. */
const takenBetas =
  /^(?:computer-use|token-efficient-tools|interleaved-thinking|output-128k|dev-full-thinking|context-1m|context-management|effort|tool-search-tool|tool-examples|fine-grained-tool-streaming|compact)-/

const host: ClaudeHost = { version: 'bedrock-2023-05-31', cut: ['model', 'stream'], betas: takenBetas }

const addressOf = (region: string): string => `https://bedrock-runtime.${region}.amazonaws.com`

/** Who takes cache points: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, read 2026-11-28. */
const cachesPrompts = /claude-(?:3-[57]|(?:opus|sonnet|haiku)-)|amazon\.nova-/

const dialectFor = (model: string): Dialect => {
  const cacheMarks = cachesPrompts.test(model)
  const claude = /anthropic\.(claude-.+?)(?:-v\d+)?(?::.+)?$/.exec(model)?.[1]
  if (claude !== undefined) return { ...anthropic.dialect(claude), cacheMarks }
  const thinking = /openai\.gpt-oss/.test(model) ? 'effort' : 'none'
  return { ...compatibleDialect, cacheMarks, thinking, topK: false }
}

const regionOf = ({ name, region, baseUrl }: Provider): string => {
  const found = region ?? /^bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\./.exec(new URL(baseUrl).hostname)?.[1]
  if (found !== undefined) return found
  throw new Problem('upstream_error', {
    message: `Provider "${name}" signs for a region that nothing names. The operator must set its region.`,
  })
}

export const bedrock: Vendor = makeVendor({
  name: 'bedrock',
  title: 'Amazon Bedrock',
  baseUrl: addressOf('us-east-1'),
  regions: Object.fromEntries(regionNames.map((region) => [region, addressOf(region)])),
  keyEnv: ['AWS_BEARER_TOKEN_BEDROCK'],
  options: {
    access_key_id:
      'The id of the access key whose secret is `api_key`: then requests are signed. A session token goes into `headers` as `x-amz-security-token`.',
  },
  identity: { options: ['access_key_id'], headers: ['x-amz-security-token'] },
  protocols: ['bedrock-converse', 'anthropic-messages', 'bedrock-embed'],
  serves: (protocol, model) => protocol !== 'anthropic-messages' || isClaude.test(model),
  counts: [],
  // An id or a whole ARN, colons and slashes in it, is one segment.
  endpoint: ({ path, model, protocol, stream }) => {
    const own = stream === true ? 'invoke-with-response-stream' : 'invoke'
    const operation = protocol === 'anthropic-messages' ? own : path
    return { path: `model/${encodeURIComponent(model)}/${operation}`, query: {} }
  },
  adjust: (call, _model, callerHeaders) => forClaudeHost(call, host, callerHeaders),
  histories: { 'anthropic-messages': claudeHistory },
  headersNotTaken: ['anthropic-beta', 'anthropic-version'],
  unpack: (reply, protocol) => (protocol === 'anthropic-messages' ? unframed(reply) : reply),
  dialect: dialectFor,
  authorise: (credential) => (accessKeyOf(credential) === null ? bearer(credential) : {}),
  sign: async (request, { credential, provider, nowMs }) => {
    const key = accessKeyOf(credential, provider.options)
    if (key === null) return request.headers
    return signRequest(request, key, { region: regionOf(provider), service: 'bedrock', nowMs })
  },
  streamUsage: 'always',
  leavePolicy: 'drain',
  requestIdHeaders: ['x-amzn-requestid'],
  checkPath: null,
  keyPage: 'https://console.aws.amazon.com/bedrock/home#/api-keys',
})
