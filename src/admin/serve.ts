/** Admin endpoints as the server runs them: who asks is found before the body is read. */

import { Problem } from '#base/problem.ts'
import type { EndpointMatch } from '#http/endpoint.ts'
import type { Exchange } from '#http/inbound.ts'
import { sendAnswer } from '#http/reply.ts'
import type { AdminApi, AdminEndpoint } from './api.ts'
import type { Asking, Authentication } from './authenticate.ts'
import { actorFor, visitFor } from './authenticate.ts'
import { reachOf } from './reach.ts'

/** Carries out one exchange that the table led here. */
export const serveAdmin = async (
  exchange: Exchange,
  match: Pick<EndpointMatch<AdminEndpoint>, 'value' | 'parameters'>,
  { api, authentication }: { readonly api: AdminApi; readonly authentication: Authentication },
): Promise<void> => {
  const { value, parameters } = match
  const asking: Asking =
    value.kind === 'operation'
      ? { forCallers: value.operation.forCallers === true, reach: reachOf(value.operation) }
      : { reach: 'everybody' }
  const actor = await actorFor(exchange.inbound, authentication, asking)
  const inbound = actor instanceof Problem ? exchange.inbound : await exchange.read()
  const { visit, headers } = visitFor(inbound)
  const answer = await api.answer({ endpoint: value, parameters, inbound, actor, visit })
  await sendAnswer(exchange.outbound, answer, headers())
}
