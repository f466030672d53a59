/** Who asks for something that a provider keeps, and what is answered. */

import type { Exchange, Inbound } from '#http/inbound.ts'
import type { UpstreamReply } from '#http/transport.ts'
import { decideAdmission } from '#policy/admission.ts'
import { policies } from '#policy/index.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { planOf } from '#policy/plan.ts'
import { limitHeaders, limitRefusal } from '#policy/rate.ts'
import { notOpen } from '#relay/hold.ts'
import type { RelayPorts } from '#relay/journey.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import type { BindingForm } from '#resource/port.ts'

export type Asking = {
  readonly exchange: Exchange
  readonly ports: RelayPorts
  /** As calls of this key see it. */
  readonly snapshot: Snapshot
  readonly key: KeyFacts
  readonly holder: string
  readonly form: BindingForm
  readonly params: Readonly<Record<string, string>>
  readonly nowMs: number
  /** The Idempotency-Key under which it is asked, as the store knows it; `afterwards` runs when the answer is kept. Absent: none. */
  readonly under?: { readonly answer: string; readonly afterwards: (work: () => Promise<void>) => void }
}

/** `text`: a document, as it goes out. */
export type Answered = (
  | { readonly kind: 'document'; readonly text: string }
  | { readonly kind: 'stream'; readonly reply: UpstreamReply }
) & { readonly provider: string | null; readonly headers?: Readonly<Record<string, string>> }

/** Answers or throws Problem. */
export type Act = (asking: Asking) => Promise<Answered>

/** A document of Drover's own. */
export const documentOf = (value: unknown): Answered => ({
  kind: 'document',
  text: JSON.stringify(value),
  provider: null,
})

/** The parameter of a path. */
export const paramOf = ({ params }: Asking, name: string): string => params[name] ?? ''

/**
 * Takes one request of the key's limits, as a call without any tokens would, and gives it back when `work` is over.
 * @throws Problem `rate_limit_exceeded`, and what else a policy refuses; `permission_denied` for an account that is not open.
 */
export const withinLimits = async (
  { exchange, ports, snapshot, key }: Asking,
  models: readonly string[],
  work: () => Promise<Answered>,
): Promise<Answered> => {
  const account = snapshot.accounts.get(key.account)
  if (!key.test && account !== undefined && account.state !== 'open') throw notOpen(account.state, key.account)
  const decision = decideAdmission(policies, {
    key,
    plan: account === undefined ? null : planOf(snapshot.customers.plans, account, key.test),
    limits: snapshot.limits,
    models,
    estimate: { inputTokens: 0, outputTokensMax: 0 },
  })
  if (decision.refusal !== null) throw decision.refusal
  const { tickets } = decision
  if (tickets.length === 0) return work()
  const order = { tickets, flow: key.id, untilMs: Number.POSITIVE_INFINITY, signal: exchange.inbound.signal }
  const { taken, refused } = await ports.waitingRoom.take(order)
  if (!taken.ok) throw limitRefusal(taken, refused)
  try {
    const answered = await work()
    return { ...answered, headers: { ...limitHeaders(taken.states), ...answered.headers } }
  } finally {
    await ports.waitingRoom.giveBack(tickets.map((ticket) => ({ ticket, used: null })))
  }
}

/** Whose client asks: told by the path, or by a header that only Anthropic's send. */
export const formOf = ({ path, headers }: Pick<Inbound, 'path' | 'headers'>): BindingForm =>
  path.startsWith('/anthropic/') || path.includes('/messages/batches') || headers['anthropic-version'] !== undefined
    ? 'anthropic'
    : 'openai'
