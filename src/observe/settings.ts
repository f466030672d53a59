/** What can be configured about being watched: the blocks `log` and `telemetry`. */

import { z } from 'zod'
import { line, reference, url } from '#base/settings.ts'

/** The block `log`. */
export const logSettings = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('The least grave lines that are written to stderr.'),
    bodies: z
      .boolean()
      .default(false)
      .describe(
        'Keep the bodies of requests and replies with the call records, for `retention.bodies`. Off: no body is ever stored.',
      ),
    digests: z
      .boolean()
      .default(true)
      .describe(
        'Keep SHA-256 of what the provider sent and of what the caller was sent, so that receipts can prove both. No body can be made from it.',
      ),
  })
  .describe('What is written down.')

/** The block `telemetry`. */
export const telemetrySettings = z
  .strictObject({
    otlp: url(['https', 'http']).describe(
      'The base address of a collector that takes OTLP over HTTP, `http://127.0.0.1:4318`.',
    ),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'must be the name of a header'),
        z.union([reference(), line(1000)]),
      )
      .default({})
      .describe('Sent with every export; a value may be a reference to a secret.'),
    service_name: line(100).default('drover').describe('The name of this service in traces and metrics.'),
    sample: line(8)
      .regex(/^(100|\d{1,2})(\.\d{1,3})?%$/, 'must be a percentage such as "10%"')
      .default('100%')
      .describe('How many calls are traced where the caller does not say (`traceparent` decides else).'),
    allow_private: z.boolean().default(false).describe('The collector may be on the own machine or network.'),
  })
  .describe('Traces and metrics for an OpenTelemetry collector.')
