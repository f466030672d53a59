/** Asks providers what is left of the operator's credit there: free calls, through the same guard as every other. */

import { boundedBytes } from '#base/bounded-bytes.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem } from '#base/problem.ts'
import type { ProviderConfig } from '#config/config.ts'
import type { UpstreamReply } from '#http/transport.ts'
import { networkTransport } from '#http/upstream.ts'
import { watchProviderCredit } from '#job/watch-provider-credit.ts'
import type { ProviderCredit } from '#provider/balance.ts'
import { vendorOf } from '#provider/index.ts'
import type { Machine } from './machine.ts'
import type { WatchRequest } from './watching.ts'

const timeoutMs = 10_000
const answerBytesMax = 65_536

const bodyOf = async (reply: UpstreamReply): Promise<string> => {
  const bytes = await boundedBytes(reply.body, answerBytesMax)
  if (bytes !== null) return bytes.toString('utf8')
  reply.abort()
  throw new RangeError('the answer is longer than 64 KiB')
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}

const ask = async (machine: Machine, provider: ProviderConfig): Promise<ProviderCredit | null> => {
  const vendor = vendorOf(provider.vendor)
  const [credential] = provider.credentials
  if (vendor === undefined || vendor.balance === null || credential === undefined) return null
  const { name, balanceAlertNanoUsd } = provider
  const transport = networkTransport({ ...provider, clock: machine.clock })
  const answer = { provider: name, vendor: vendor.name, alertNanoUsd: balanceAlertNanoUsd }
  try {
    const reply = await transport.send({
      method: 'GET',
      url: `${provider.baseUrl}/${vendor.balance.path}`,
      headers: {
        ...Object.fromEntries(Object.entries(provider.headers).map(([header, value]) => [header, value.reveal()])),
        ...vendor.authorise(credential.secret),
      },
      body: { kind: 'none' },
      signal: AbortSignal.any([machine.stopping, AbortSignal.timeout(timeoutMs)]),
      connectTimeoutMs: timeoutMs,
      headersTimeoutMs: timeoutMs,
    })
    const document = parsed(await bodyOf(reply))
    const left = reply.status === 200 && isObject(document) ? vendor.balance.read(document, provider.region) : []
    const error = left.length > 0 ? null : `it answered ${reply.status} and no balance that is understood`
    return { ...answer, left, error }
  } catch (thrown) {
    return { ...answer, left: [], error: asProblem(thrown).message }
  } finally {
    await transport.close()
  }
}

/** Every provider whose vendor says what is left, in the order of the configuration; one that cannot be asked says why. */
export const providerBalances = async (
  machine: Machine,
  providers: readonly ProviderConfig[],
): Promise<readonly ProviderCredit[]> => {
  const answers: ProviderCredit[] = []
  for (const provider of providers) {
    const answer = await ask(machine, provider)
    if (answer !== null) answers.push(answer)
  }
  return answers
}

type CreditRequest = Pick<WatchRequest, 'alerts' | 'emit' | 'log'> & {
  readonly providers: () => readonly ProviderConfig[]
  readonly isMine: () => boolean
}

/** Asks when told to, and looks by itself every ten minutes once `watch` has been called. */
export const openProviderCredit = (machine: Machine, { providers, alerts, emit, isMine, log }: CreditRequest) => {
  const ask = (): Promise<readonly ProviderCredit[]> => providerBalances(machine, providers())
  const belowUsd = (): number | null => {
    const limits = alerts().flatMap(({ event, below }) =>
      event === 'upstream_balance_low' && below !== null ? [below] : [],
    )
    return limits.length === 0 ? null : Math.max(...limits)
  }
  return {
    ask,
    /** Gives what ends it. */
    watch: (measured: (provider: string, currency: string, amount: number) => void): (() => void) =>
      watchProviderCredit({ ask, emit, isMine, measured, belowUsd, clock: machine.clock, log }).close,
  }
}
