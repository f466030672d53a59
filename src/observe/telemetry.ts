/** Traces and metrics over OTLP/HTTP (protobuf), through our own way out: bounded queues, and a collector that is away costs nothing but its data. */

import { Buffer } from 'node:buffer'
import { ProtobufMetricsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { CallRecord } from '#base/call-record.ts'
import { gapBoundsMs } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Log, Secret } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Transport } from '#http/transport.ts'
import { errorType } from './error-type.ts'
import { middleSeconds } from './gap-histogram.ts'
import type { RecordTrace } from './spans.ts'
import { operationOf, spansOf } from './spans.ts'

const spansWaitingMax = 8_192
const batchMax = 512
const sendEveryMs = 5_000
const metricsEveryMs = 30_000
const answerTimeoutMs = 10_000

export type TelemetryOptions = {
  /** The collector's base: `/v1/traces` and `/v1/metrics` are added. */
  readonly url: string
  readonly headers: Readonly<Record<string, Secret>>
  readonly serviceName: string
  readonly version: string
  /** Names this process among several. */
  readonly instance: string
  readonly transport: Transport
  readonly clock: Clock
  readonly log: Log
}

export type Telemetry = {
  /** `trace` `null` = the call is in no trace. */
  readonly observe: (record: CallRecord, trace: RecordTrace | null) => void
  /** Sends what waits, within 10 s. */
  readonly close: () => Promise<void>
}

type Post = (path: string, body: Uint8Array) => Promise<void>

const posting = ({ url, headers, transport, clock }: TelemetryOptions): Post => {
  const base = url.replace(/\/+$/, '')
  return async (path, body) => {
    const limit = new AbortController()
    const cancel = clock.after(answerTimeoutMs, () => limit.abort(new Error(`no answer within ${answerTimeoutMs} ms`)))
    try {
      const reply = await transport.send({
        method: 'POST',
        url: `${base}${path}`,
        headers: {
          ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()])),
          'content-type': 'application/x-protobuf',
          'user-agent': 'drover',
        },
        body: { kind: 'bytes', bytes: Buffer.from(body) },
        signal: limit.signal,
        connectTimeoutMs: answerTimeoutMs,
        headersTimeoutMs: answerTimeoutMs,
      })
      reply.abort()
      if (reply.status >= 300) throw new Error(`the collector answered ${reply.status}`)
    } finally {
      cancel()
    }
  }
}

/** Tells the log of the first failure and of the first success after it, not of each. */
const makeHealth = (log: Log, what: string) => {
  let failing = false
  return {
    failed: (thrown: unknown, lost: number): void => {
      const fields = { problem: asProblem(thrown).message, lost }
      if (failing) log.debug(`${what} could not be sent`, fields)
      else log.warn(`${what} could not be sent`, fields)
      failing = true
    },
    sent: (): void => {
      if (failing) log.info(`${what} are sent again`)
      failing = false
    },
  }
}

const spanSender = (post: Post, { clock, log }: TelemetryOptions) => {
  let waiting: ReadableSpan[] = []
  let dropped = 0
  let sending: Promise<void> | null = null
  let cancel = (): void => {}
  const health = makeHealth(log, 'traces')
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax)
      waiting = waiting.slice(batchMax)
      try {
        const body = ProtobufTraceSerializer.serializeRequest(batch)
        if (body !== undefined) await post('/v1/traces', body)
        health.sent()
      } catch (thrown) {
        health.failed(thrown, batch.length + dropped)
        dropped = 0
      }
    }
    sending = null
  }
  const tick = (): void => {
    cancel = clock.after(sendEveryMs, tick)
    sending ??= sendAll()
  }
  cancel = clock.after(sendEveryMs, tick)
  return {
    add: (spans: readonly ReadableSpan[]): void => {
      if (waiting.length + spans.length > spansWaitingMax) dropped += spans.length
      else waiting.push(...spans)
      if (waiting.length >= batchMax) sending ??= sendAll()
    },
    close: async (): Promise<void> => {
      cancel()
      await sending
      await sendAll()
    },
  }
}

const metricExporter = (post: Post, log: Log): PushMetricExporter => {
  const health = makeHealth(log, 'metrics')
  const send = async (metrics: ResourceMetrics): Promise<void> => {
    const body = ProtobufMetricsSerializer.serializeRequest(metrics)
    if (body !== undefined) await post('/v1/metrics', body)
  }
  return {
    export: (metrics, done) => {
      send(metrics).then(
        () => {
          health.sent()
          done({ code: 0 })
        },
        (thrown: unknown) => {
          health.failed(thrown, 0)
          // The failure is told above; to the SDK it would be an error of its own to print.
          done({ code: 0 })
        },
      )
    },
    forceFlush: async () => {},
    shutdown: async () => {},
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
  }
}

const secondsBuckets = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const tokenBuckets = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304]

/** The instruments of the conventions; labels are closed sets: models as providers name them, never as callers write them. */
const instruments = (provider: MeterProvider) => {
  const meter = provider.getMeter('drover')
  const histogram = (name: string, unit: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { unit, advice: { explicitBucketBoundaries } })
  const duration = histogram('gen_ai.client.operation.duration', 's', secondsBuckets)
  const firstPart = histogram('gen_ai.client.operation.time_to_first_chunk', 's', secondsBuckets)
  const tokens = histogram('gen_ai.client.token.usage', '{token}', tokenBuckets)
  const overhead = histogram('drover.overhead', 's', secondsBuckets)
  const gap = histogram(
    'drover.stream.gap',
    's',
    gapBoundsMs.map((boundMs) => boundMs / 1000),
  )
  const queued = histogram('drover.queue.wait', 's', secondsBuckets)
  return (record: CallRecord): void => {
    const labels = {
      'gen_ai.operation.name': operationOf(record),
      ...(record.provider === null ? {} : { 'gen_ai.provider.name': record.provider }),
      ...(record.upstreamModel === null ? {} : { 'gen_ai.request.model': record.upstreamModel }),
    }
    const failed = record.error === null ? {} : { 'error.type': errorType(record.error) }
    duration.record(record.durationMs / 1000, { ...labels, ...failed })
    overhead.record(record.overheadMs / 1000)
    if (record.stream && record.ttftMs !== null) firstPart.record(record.ttftMs / 1000, labels)
    if (typeof record.queuedMs === 'number') queued.record(record.queuedMs / 1000)
    // The middle of a bucket falls into that bucket again: the bounds are the same.
    for (const [bucket, count] of (record.gaps ?? []).entries())
      for (let index = 0; index < count; index += 1) gap.record(middleSeconds(bucket), labels)
    const { input, output } = record.usage ?? { input: null, output: null }
    if (input !== null) tokens.record(input, { ...labels, 'gen_ai.token.type': 'input' })
    if (output !== null) tokens.record(output, { ...labels, 'gen_ai.token.type': 'output' })
  }
}

/** Sends until `close`. */
export const openTelemetry = (options: TelemetryOptions): Telemetry => {
  const post = posting(options)
  const resource = resourceFromAttributes({
    'service.name': options.serviceName,
    'service.version': options.version,
    'service.instance.id': options.instance,
  })
  const spans = spanSender(post, options)
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter(post, options.log),
    exportIntervalMillis: metricsEveryMs,
    exportTimeoutMillis: answerTimeoutMs,
  })
  const provider = new MeterProvider({ resource, readers: [reader] })
  const count = instruments(provider)
  return {
    observe: (record, trace) => {
      count(record)
      if (trace?.context.sampled === true) spans.add(spansOf(record, trace, resource))
    },
    close: async () => {
      await spans.close()
      await provider.shutdown()
    },
  }
}
