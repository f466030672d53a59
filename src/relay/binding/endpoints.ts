/** Paths of what providers keep for callers. */

import { Problem } from '#base/problem.ts'
import type { BodyKind, Endpoint } from '#http/endpoint.ts'
import type { Act } from './asking.ts'
import { batchActs } from './batches.ts'
import { fileActs } from './files.ts'
import { messageBatchActs } from './message-batches.ts'
import { tuningActs } from './tuning.ts'
import { uploadActs } from './uploads.ts'

export type BindingEndpoint = { readonly kind: 'binding'; readonly act: Act }

type Row = readonly [method: string, path: string, act: Act, accepts?: readonly BodyKind[]]

/** Those that OpenAI's and Anthropic's clients share; whose client asks is told by a header. */
const fileRows: readonly Row[] = [
  ['POST', '/files', fileActs.upload, ['form']],
  ['GET', '/files', fileActs.list],
  ['GET', '/files/{id}', fileActs.show],
  ['DELETE', '/files/{id}', fileActs.drop],
  ['GET', '/files/{id}/content', fileActs.content],
]

/** In OpenAI's form alone. */
const openaiRows: readonly Row[] = [
  ['POST', '/uploads', uploadActs.create],
  ['POST', '/uploads/{id}/parts', uploadActs.part, ['form']],
  ['POST', '/uploads/{id}/complete', uploadActs.complete],
  ['POST', '/uploads/{id}/cancel', uploadActs.cancel, []],
  ['POST', '/batches', batchActs.create],
  ['GET', '/batches', batchActs.list],
  ['GET', '/batches/{id}', batchActs.show],
  ['POST', '/batches/{id}/cancel', batchActs.cancel, []],
  ['POST', '/fine_tuning/jobs', tuningActs.create],
  ['GET', '/fine_tuning/jobs', tuningActs.list],
  ['GET', '/fine_tuning/jobs/{id}', tuningActs.show],
  ['POST', '/fine_tuning/jobs/{id}/cancel', tuningActs.cancel, []],
  ['POST', '/fine_tuning/jobs/{id}/pause', tuningActs.pause, []],
  ['POST', '/fine_tuning/jobs/{id}/resume', tuningActs.resume, []],
  ['GET', '/fine_tuning/jobs/{id}/events', tuningActs.events],
  ['GET', '/fine_tuning/jobs/{id}/checkpoints', tuningActs.checkpoints],
  ['DELETE', '/models/{id+}', tuningActs.dropModel],
]

/** In Anthropic's form alone. */
const anthropicRows: readonly Row[] = [
  ['POST', '/messages/batches', messageBatchActs.create],
  ['GET', '/messages/batches', messageBatchActs.list],
  ['GET', '/messages/batches/{id}', messageBatchActs.show],
  ['DELETE', '/messages/batches/{id}', messageBatchActs.drop],
  ['POST', '/messages/batches/{id}/cancel', messageBatchActs.cancel, []],
  ['GET', '/messages/batches/{id}/results', messageBatchActs.results],
]

const notRelayed =
  (what: string, instead: string): Act =>
  () => {
    throw new Problem('unsupported_parameter', {
      message: `${what} are not relayed: whoever knows the name of one could open it under the operator's credential. ${instead}`,
      status: 404,
    })
  }

const geminiFiles = notRelayed("Gemini's files", 'Send the bytes as inlineData.')
const geminiCaches = notRelayed(
  "Gemini's cached contents",
  'Send the content itself: Gemini caches what calls have in common unasked.',
)

/** Refused in words: Gemini's clients upload here, and cache. */
const geminiRows: readonly Row[] = [
  ['POST', '/upload/v1beta/files', geminiFiles, []],
  ['POST', '/upload/v1/files', geminiFiles, []],
  ['GET', '/v1beta/files', geminiFiles],
  ['GET', '/v1beta/files/{id}', geminiFiles],
  ['DELETE', '/v1beta/files/{id}', geminiFiles],
  ...['/v1beta', '/v1'].flatMap((root): readonly Row[] => [
    ['POST', `${root}/cachedContents`, geminiCaches],
    ['GET', `${root}/cachedContents`, geminiCaches],
    ['GET', `${root}/cachedContents/{id}`, geminiCaches],
    ['PATCH', `${root}/cachedContents/{id}`, geminiCaches],
    ['DELETE', `${root}/cachedContents/{id}`, geminiCaches],
  ]),
]

const endpointOf =
  (root: string) =>
  ([method, path, act, accepts]: Row): Endpoint<BindingEndpoint> => ({
    method,
    path: `${root}${path}`,
    ...(accepts === undefined ? {} : { accepts }),
    value: { kind: 'binding', act },
  })

export const bindingEndpoints: readonly Endpoint<BindingEndpoint>[] = [
  ...fileRows.map(endpointOf('/v1')),
  ...fileRows.map(endpointOf('/anthropic/v1')),
  ...openaiRows.map(endpointOf('/v1')),
  ...anthropicRows.map(endpointOf('/v1')),
  ...anthropicRows.map(endpointOf('/anthropic/v1')),
  ...geminiRows.map(endpointOf('')),
]
