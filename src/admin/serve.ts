/** Admin endpoints as the server runs them: who asks is found before the body is read. */

import { Problem } from '#base/problem.ts'
import type { EndpointMatch } from '#http/endpoint.ts'
import type { Exchange } from '#http/inbound.ts'
import { sendAnswer } from '#http/reply.ts'
import type { AdminApi, AdminEndpoint } from './api.ts'
import type { Authentication } from './authenticate.ts'
import { actorFor } from './authenticate.ts'

/** Carries out one exchange that the table led here. */
export const serveAdmin = async (
  exchange: Exchange,
  match: Pick<EndpointMatch<AdminEndpoint>, 'value' | 'parameters'>,
  { api, authentication }: { readonly api: AdminApi; readonly authentication: Authentication },
): Promise<void> => {
  const { value, parameters } = match
  const forCallers = value.kind === 'operation' && value.operation.forCallers === true
  const actor = actorFor(exchange.inbound, authentication, forCallers)
  const inbound = actor instanceof Problem ? exchange.inbound : await exchange.read()
  await sendAnswer(exchange.outbound, await api.answer({ endpoint: value, parameters, inbound, actor }))
}
