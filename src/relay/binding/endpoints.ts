/** Paths of what providers keep for callers. */

import type { BodyKind, Endpoint } from '#http/endpoint.ts'
import type { Act } from './asking.ts'
import { fileActs } from './files.ts'

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
]
