/** Before a server takes calls: whatever is not for everybody must refuse a request that carries no credential, unread. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Endpoint } from './endpoint.ts'
import type { Handle } from './exchange.ts'
import type { Exchange, Inbound } from './inbound.ts'
import type { HandleSocket } from './upgrade.ts'

export type Doors<T> = {
  readonly endpoints: readonly Endpoint<T>[]
  /** As the server would carry an exchange out, but that it keeps no record. */
  readonly handle: Handle<T>
  readonly handleSocket: HandleSocket<T>
  /** What everybody may ask without a credential; everything that it does not name must refuse. */
  readonly isOpen: (endpoint: Endpoint<T>) => boolean
}

/** An address of no machine (RFC 5737), so that nothing is allowed for being near. */
const address = '192.0.2.1'

const letIn = (): Problem => new Problem('internal_error', { message: 'A body was read before a credential was.' })

/** What somebody sends who knows nothing but the path. */
const inboundFor = <T>({ method, path }: Endpoint<T>, { clock, ids }: Knocking): Inbound => ({
  id: ids.next('call'),
  origin: 'https://relay.invalid',
  method,
  path: path.replace(/\{\w+\+?\}/g, 'x'),
  query: new URLSearchParams(),
  headers: {},
  remoteAddress: address,
  fromLoopback: false,
  arrivedMs: clock.nowMs(),
  signal: new AbortController().signal,
  body: { kind: 'none' },
})

type Knocking = { readonly clock: Clock; readonly ids: Ids }

type Heard = { readonly exchange: Exchange; readonly status: () => number | null; readonly wasLetIn: () => boolean }

const exchangeFor = (inbound: Inbound): Heard => {
  let status: number | null = null
  let isIn = false
  const exchange: Exchange = {
    inbound,
    outbound: {
      head: (given) => {
        status = given
      },
      headSent: () => status !== null,
      write: async () => {},
      end: async () => {},
      cut: () => {},
    },
    read: async () => {
      isIn = true
      throw letIn()
    },
  }
  return { exchange, status: () => status, wasLetIn: () => isIn }
}

/** How an endpoint answers; `let in` where it did anything before it refused. */
const knock = async <T>(
  endpoint: Endpoint<T>,
  doors: Doors<T>,
  knocking: Knocking,
): Promise<number | 'let in' | null> => {
  const inbound = inboundFor(endpoint, knocking)
  const match = {
    endpoint,
    value: endpoint.value,
    path: inbound.path,
    parameters: Object.fromEntries([...endpoint.path.matchAll(/\{(\w+)\+?\}/g)].map(([, name = '']) => [name, 'x'])),
  }
  const { exchange, status, wasLetIn } = exchangeFor(inbound)
  let isAccepted = false
  const accept = async (): Promise<never> => {
    isAccepted = true
    throw letIn()
  }
  const socket = { inbound, draining: inbound.signal, offered: [], accept }
  try {
    await (endpoint.upgrades === true ? doors.handleSocket(socket, match) : doors.handle(exchange, match))
  } catch (thrown) {
    return wasLetIn() || isAccepted ? 'let in' : asProblem(thrown).status
  }
  return wasLetIn() || isAccepted ? 'let in' : status()
}

/** Endpoints that answer a request without a credential with anything but 401, each with what it did; none = all are locked. */
export const unlockedDoors = async <T>(doors: Doors<T>, knocking: Knocking): Promise<readonly string[]> => {
  const found: string[] = []
  for (const endpoint of doors.endpoints) {
    if (doors.isOpen(endpoint)) continue
    const answer = await knock(endpoint, doors, knocking)
    if (answer !== 401) found.push(`${endpoint.method} ${endpoint.path} (${answer ?? 'no answer'})`)
  }
  return found
}
