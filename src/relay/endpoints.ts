/** The relay's rows in the server's table of endpoints, and what is done with a match. */

import type { ProblemCode } from '#base/problem.ts'
import { Problem } from '#base/problem.ts'
import type { Endpoint, EndpointMatch } from '#http/endpoint.ts'
import type { Exchange } from '#http/inbound.ts'
import type { SocketExchange } from '#http/upgrade.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { relayKeeping } from './background.ts'
import { answerAct } from './binding/answer.ts'
import type { BindingEndpoint } from './binding/endpoints.ts'
import { bindingEndpoints } from './binding/endpoints.ts'
import type { CountedProtocol } from './count-tokens.ts'
import { answerCount } from './count-tokens.ts'
import type { Inquiry } from './inquiry.ts'
import { answerInquiry, listModels, showModel } from './inquiry.ts'
import type { RelayPorts } from './journey.ts'
import { showBalance, showCredits, showGeneration, showKey, showReceipt } from './money-inquiry.ts'
import { relayRealtime } from './realtime.ts'
import type { SecretForm } from './realtime-secret.ts'
import { answerSecret, secretPaths } from './realtime-secret.ts'
import { refusedPaths } from './refused-paths.ts'
import { relay } from './relay.ts'
import type { KeepingProtocol, ResponseAsk } from './response-inquiry.ts'
import { answerResponse, responseEndpoints } from './response-inquiry.ts'
import { relayResponsesSocket } from './responses-socket.ts'

export type RelayEndpoint =
  | BindingEndpoint
  | { readonly kind: 'call'; readonly protocol: Protocol }
  | { readonly kind: 'count'; readonly protocol: CountedProtocol }
  | { readonly kind: 'inquiry'; readonly ask: Inquiry }
  | { readonly kind: 'response'; readonly ask: ResponseAsk; readonly protocol: KeepingProtocol }
  | { readonly kind: 'secret'; readonly form: SecretForm }
  /** Known, and not to be had here: the message says why. */
  | { readonly kind: 'refused'; readonly code: ProblemCode; readonly message: string }
  | { readonly kind: 'socket'; readonly over: 'realtime' }
  | { readonly kind: 'socket'; readonly over: KeepingProtocol }

/** Where lists of models are asked for; the clients of some makers have a root of their own. */
const modelRoots = ['/v1', '/anthropic/v1', '/v1beta'] as const

const countEndpoints = (protocol: Protocol): readonly Endpoint<RelayEndpoint>[] => {
  const { counting } = protocol
  if (counting === undefined) return []
  return counting.endpoints.flatMap(({ path, accepts, roots = ['/v1'] }) =>
    roots.map((root) => ({
      method: 'POST',
      path: `${root}/${path}`,
      accepts,
      value: { kind: 'count', protocol: { ...protocol, counting } },
    })),
  )
}

/** Where calls of a format may be made over one connection. */
const socketEndpoints = (protocol: Protocol): readonly Endpoint<RelayEndpoint>[] => {
  const { keeping } = protocol
  if (keeping === undefined) return []
  const value: RelayEndpoint = { kind: 'socket', over: { ...protocol, keeping } }
  return [{ method: 'GET', path: `/v1/${keeping.path}`, upgrades: true, value }]
}

const refusedEndpoints = refusedPaths.flatMap(({ path, code, message }) =>
  (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).map(
    (method): Endpoint<RelayEndpoint> => ({
      ...{ method, path, accepts: [], unlisted: true },
      value: { kind: 'refused', code, message },
    }),
  ),
)

/** All that callers may ask for. */
export const relayEndpoints = (protocols: readonly Protocol[]): readonly Endpoint<RelayEndpoint>[] => {
  const inquiry = (path: string, ask: Inquiry): Endpoint<RelayEndpoint> => ({
    method: 'GET',
    path,
    value: { kind: 'inquiry', ask },
  })
  return [
    ...protocols.flatMap((protocol) =>
      protocol.endpoints.flatMap(({ path, accepts, roots = ['/v1'] }) =>
        roots.map(
          (root): Endpoint<RelayEndpoint> => ({
            method: 'POST',
            path: `${root}/${path}`,
            accepts,
            value: { kind: 'call', protocol },
          }),
        ),
      ),
    ),
    ...protocols.flatMap(countEndpoints),
    ...protocols.flatMap(responseEndpoints),
    ...protocols.flatMap(socketEndpoints),
    ...bindingEndpoints,
    ...modelRoots.flatMap((root) => [
      inquiry(`${root}/models`, listModels),
      inquiry(`${root}/models/{id+}`, showModel),
    ]),
    ...Object.entries(secretPaths).map(
      ([path, form]): Endpoint<RelayEndpoint> => ({ method: 'POST', path, value: { kind: 'secret', form } }),
    ),
    ...refusedEndpoints,
    { method: 'GET', path: '/v1/realtime', upgrades: true, value: { kind: 'socket', over: 'realtime' } },
    inquiry('/v1/key', showKey),
    inquiry('/v1/credits', showCredits),
    inquiry('/v1/generation', showGeneration),
    inquiry('/v1/receipt', showReceipt),
    inquiry('/v1/users/me/balance', showBalance),
  ]
}

/** Carries out one exchange that the table led here. Resolves when it is over and its record kept. */
export const serveRelay = async (
  exchange: Exchange,
  match: Pick<EndpointMatch<RelayEndpoint>, 'value' | 'parameters'>,
  ports: RelayPorts,
): Promise<void> => {
  const { value, parameters } = match
  if (value.kind === 'socket')
    throw new Problem('invalid_request_error', {
      status: 426,
      message: `${exchange.inbound.path} is spoken over WebSocket: send the request with "upgrade: websocket", as WebSocket clients do.`,
      headers: { upgrade: 'websocket', connection: 'upgrade' },
    })
  if (value.kind === 'refused') throw new Problem(value.code, { message: value.message })
  if (value.kind === 'secret') return answerSecret(exchange, value.form, ports)
  if (value.kind === 'response') return answerResponse(exchange, { row: value, id: parameters['id'] ?? '' }, ports)
  if (value.kind === 'binding') return answerAct(exchange, { act: value.act, params: parameters }, ports)
  if (value.kind === 'count') return answerCount(exchange, value.protocol, ports)
  if (value.kind === 'inquiry') return answerInquiry(exchange, { ask: value.ask, params: parameters }, ports)
  const { protocol } = value
  const { keeping } = protocol
  return keeping === undefined
    ? relay(exchange, protocol, ports)
    : relayKeeping(exchange, { ...protocol, keeping }, ports)
}

/** Carries out one connection that the table led here. @throws Problem before it is accepted. */
export const serveRelaySocket = (
  exchange: SocketExchange,
  { value }: Pick<EndpointMatch<RelayEndpoint>, 'value'>,
  ports: RelayPorts,
): Promise<void> => {
  if (value.kind === 'socket')
    return value.over === 'realtime'
      ? relayRealtime(exchange, ports)
      : relayResponsesSocket({ exchange, protocol: value.over, ports })
  throw new Problem('invalid_request_error', { status: 426, message: 'This path is not served over WebSocket.' })
}
