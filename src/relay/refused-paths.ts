/** Paths of the makers' APIs that callers know and this relay does not serve: refused in words that say why and what to do. */

import type { ProblemCode } from '#base/problem.ts'

export type RefusedPath = {
  readonly path: string
  readonly code: ProblemCode
  readonly message: string
}

type Family = Omit<RefusedPath, 'path'> & { readonly paths: readonly string[] }

/** A path and all behind it. */
const all = (path: string): readonly string[] => [path, `${path}/{rest+}`]

/** Google's clients of the present ask under `/v1`, earlier ones under `/v1beta` (google-genai 2, read 2026-12-01). */
const google = (...paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => [`/v1beta${path}`, `/v1${path}`])

/** What Google's clients call of a model. */
const ofModel = (...methods: readonly string[]): readonly string[] =>
  google(...methods.map((method) => `/models/{model+}:${method}`))

const operators = "would lie under the operator's credential, open to whoever knows its name"

const families: readonly Family[] = [
  {
    code: 'invalid_request_error',
    paths: ['', '/{id}/accept', '/{id}/hangup', '/{id}/refer', '/{id}/reject'].map(
      (behind) => `/v1/realtime/calls${behind}`,
    ),
    message:
      'Calls over WebRTC and SIP are not relayed: their sound goes past this relay, and nobody could count it. Open a WebSocket at /v1/realtime?model=MODEL; browsers use a client secret (POST /v1/realtime/client_secrets).',
  },
  {
    code: 'invalid_request_error',
    paths: all('/v1/conversations'),
    message:
      'Conversations are not kept here: a provider would keep them for all callers of this relay together. Go on from a response by previous_response_id.',
  },
  {
    code: 'not_found',
    paths: all('/v1/vector_stores'),
    message: `Vector stores are not relayed: one ${operators}. Search your texts with /v1/embeddings and send what fits, or have your own credential of the provider set for your account: then "vector_store_ids" in calls may name stores that you made there.`,
  },
  {
    code: 'not_found',
    paths: all('/v1/containers'),
    message: `Containers are not made by themselves here: one ${operators}. Let an answer make one ("container": {"type": "auto"} of code_interpreter): it is yours to go on with.`,
  },
  {
    code: 'not_found',
    paths: [...all('/v1/assistants'), ...all('/v1/threads')],
    message: `Assistants and threads are not relayed: they ${operators}. Use /v1/responses, which goes on by previous_response_id.`,
  },
  {
    code: 'not_found',
    paths: ['/v1', '/anthropic/v1'].flatMap((root) =>
      ['skills', 'agents', 'sessions', 'environments'].flatMap((name) => all(`${root}/${name}`)),
    ),
    message: `Skills and hosted agents are not relayed: they ${operators}. Say what the model is to do in the call, and bring tools of your own.`,
  },
  {
    code: 'not_found',
    paths: [...all('/v1/videos'), ...ofModel('predictLongRunning'), ...google(...all('/operations'))],
    message:
      'Videos are not relayed: nothing here keeps jobs of them and counts what they cost. Ask their provider itself.',
  },
  {
    code: 'not_found',
    paths: [...all('/v1/evals'), ...all('/v1/fine_tuning/alpha'), ...all('/v1/fine_tuning/checkpoints')],
    message: `Evaluations, graders and shares of checkpoints are not relayed: they ${operators}. Run them with calls of your own.`,
  },
  {
    code: 'not_found',
    paths: [...all('/v1/organization'), ...all('/v1/organizations')],
    message:
      "The provider's organisation is the operator's. Your own account is at GET /v1/key and GET /v1/credits, a call at GET /v1/generation?id=.",
  },
  {
    code: 'not_found',
    paths: [...ofModel('batchGenerateContent', 'asyncBatchEmbedContent'), ...all('/v1beta/batches')],
    message:
      "Gemini's batches are not relayed. Send the calls one by one, or use a batch of OpenAI's form (POST /v1/batches) or Anthropic's (POST /v1/messages/batches) with a model whose provider takes them.",
  },
  {
    code: 'not_found',
    paths: ofModel('predict'),
    message:
      "Gemini's :predict is not relayed. Make pictures at POST /v1/images/generations, or with a model that answers :generateContent with pictures.",
  },
  {
    code: 'not_found',
    paths: google(...all('/interactions')),
    message:
      "Gemini's interactions are not relayed. Use :generateContent, or /v1/responses, which goes on by previous_response_id.",
  },
  {
    code: 'not_found',
    paths: google(...['fileSearchStores', 'corpora', 'tunedModels'].flatMap((name) => all(`/${name}`))),
    message: `Stores that Gemini searches, corpora and tuned models are not relayed: one ${operators}. Send the content itself.`,
  },
]

/** Each path once. */
export const refusedPaths: readonly RefusedPath[] = families.flatMap(({ paths, code, message }) =>
  paths.map((path) => ({ path, code, message })),
)
