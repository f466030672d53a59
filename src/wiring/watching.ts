/** Those who look at what goes on and emit events: figures, spending, balances, certificates. */

import { X509Certificate } from 'node:crypto'
import type { CallRecord } from '#base/call-record.ts'
import type { Emit, EventName } from '#base/event.ts'
import type { Log } from '#base/log.ts'
import type { Config, NotifyConfig } from '#config/config.ts'
import { networkTransport } from '#http/upstream.ts'
import type { CallBooks } from '#ledger/port.ts'
import { watchBalances } from '#observe/balance-watch.ts'
import { watchCertificate } from '#observe/certificate-watch.ts'
import type { Figures } from '#observe/figures.ts'
import type { EndingKey } from '#observe/key-expiry-watch.ts'
import { watchKeyExpiry } from '#observe/key-expiry-watch.ts'
import type { RecordTrace } from '#observe/spans.ts'
import { watchSpend } from '#observe/spend-watch.ts'
import { watchFigures } from '#observe/watch.ts'
import type { Machine } from './machine.ts'

export type WatchRequest = {
  /** Names this process. */
  readonly owner: string
  readonly config: Config
  readonly alerts: () => NotifyConfig['alerts']
  readonly figures: Figures
  readonly books: Pick<CallBooks, 'balance'>
  readonly emit: Emit
  readonly log: Log
  /** Keys of callers as they are now. */
  readonly keys: () => Iterable<EndingKey>
}

const thresholds = (alerts: NotifyConfig['alerts'], event: EventName, side: 'above' | 'below'): readonly number[] =>
  alerts.flatMap((alert) => (alert.event === event && alert[side] !== null ? [alert[side]] : []))

/** Reads each record when its call has ended. */
export type Watcher = (record: CallRecord, trace: RecordTrace | null) => void

/** Loaded where it is configured: the packages behind it are many. */
const startTelemetry = async (
  machine: Machine,
  request: WatchRequest,
  closing: AsyncDisposableStack,
): Promise<Watcher[]> => {
  const { telemetry } = request.config
  if (telemetry === null) return []
  const { clock, version } = machine
  const { allowPrivate } = telemetry
  const transport = networkTransport({ allowPrivate, proxy: null, certificateAuthorities: null, clock })
  closing.defer(() => transport.close())
  const { openTelemetry } = await import('#observe/telemetry.ts')
  const { log, owner: instance } = request
  const opened = openTelemetry({ ...telemetry, version, instance, transport, clock, log })
  closing.defer(() => opened.close())
  return [opened.observe]
}

/** Everything that is started is stopped by `closing`; gives those who read records. */
export const startWatching = async (
  machine: Machine,
  request: WatchRequest,
  closing: AsyncDisposableStack,
): Promise<readonly Watcher[]> => {
  const { clock } = machine
  const { config, alerts, figures, books, emit, log } = request
  const lowestAbove = (event: EventName): number | null => {
    const found = thresholds(alerts(), event, 'above')
    return found.length === 0 ? null : Math.min(...found)
  }
  const highestBelow = (event: EventName): number | null => {
    const found = thresholds(alerts(), event, 'below')
    return found.length === 0 ? null : Math.max(...found)
  }
  closing.defer(watchFigures({ figures, emit, lowestAbove, clock }))
  const balances = watchBalances({ books, emit, belowUsd: () => highestBelow('balance_low'), clock, log })
  closing.defer(() => balances.close())
  closing.defer(watchKeyExpiry({ keys: request.keys, emit, belowDays: () => highestBelow('credential_expiry'), clock }))
  const { tls } = config.server
  if (tls !== null) {
    const endsMs = Date.parse(new X509Certificate(tls.certificate.reveal()).validTo)
    closing.defer(watchCertificate({ endsMs, emit, belowDays: () => highestBelow('certificate_expiry'), clock }))
  }
  const telemetry = await startTelemetry(machine, request, closing)
  return [figures.observe, watchSpend({ clock, emit }), balances.observe, ...telemetry]
}
