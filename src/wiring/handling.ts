/** Which room carries out what the table of endpoints led to. */

import assert from 'node:assert/strict'
import type { AdminEndpoint } from '#admin/api.ts'
import { serveAdmin } from '#admin/serve.ts'
import type { Handle } from '#http/exchange.ts'
import type { PageEndpoint } from '#http/page.ts'
import { servePage } from '#http/page.ts'
import type { HandleSocket } from '#http/upgrade.ts'
import type { Metrics } from '#observe/metrics.ts'
import type { PaymentEndpoint } from '#payment/endpoints.ts'
import { servePayment } from '#payment/endpoints.ts'
import type { RelayEndpoint } from '#relay/endpoints.ts'
import { serveRelay, serveRelaySocket } from '#relay/endpoints.ts'

export type Served = RelayEndpoint | AdminEndpoint | PageEndpoint | PaymentEndpoint

type Rooms = {
  readonly metrics: Pick<Metrics, 'whileOpen'>
  readonly admin: Parameters<typeof serveAdmin>[2]
  readonly cashier: Parameters<typeof servePayment>[2]
}

export type Handling = { readonly handle: Handle<Served>; readonly handleSocket: HandleSocket<Served> }

/** `ports`: of the relay. */
export const handlingOf = (
  { metrics, admin, cashier }: Rooms,
  ports: Parameters<typeof serveRelaySocket>[2],
): Handling => ({
  handle: async (exchange, { value, parameters }) => {
    if (value.kind === 'page') return servePage(exchange, value)
    const catchingUp = ports.fresh()
    if (catchingUp !== null) await catchingUp
    if (value.kind === 'payment_notice' || value.kind === 'payment_return')
      return servePayment(exchange, { value, parameters }, cashier)
    if (value.kind === 'operation' || value.kind === 'openapi')
      return serveAdmin(exchange, { value, parameters }, admin)
    const serving = serveRelay(exchange, { value, parameters }, ports)
    return value.kind === 'call' ? metrics.whileOpen(serving) : serving
  },
  handleSocket: async (exchange, { value }) => {
    assert(value.kind === 'socket', 'only these endpoints are upgraded')
    await ports.fresh()
    await metrics.whileOpen(serveRelaySocket(exchange, { value }, ports))
  },
})
