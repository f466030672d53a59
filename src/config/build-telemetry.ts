/** Where traces and metrics go. */

import type { Secret } from '#base/log.ts'
import type { TelemetryConfig } from './config.ts'
import type { Resolver } from './resolve.ts'
import type { Settings } from './schema.ts'

/** `null` = nowhere. */
export const buildTelemetry = async ({ telemetry }: Settings, resolver: Resolver): Promise<TelemetryConfig | null> => {
  if (telemetry === undefined) return null
  const headers: Record<string, Secret> = {}
  for (const [name, value] of Object.entries(telemetry.headers)) {
    const secret = await resolver.text(value, ['telemetry', 'headers', name], 'telemetry')
    if (secret !== null) headers[name.toLowerCase()] = secret
  }
  return {
    url: telemetry.otlp,
    headers,
    serviceName: telemetry.service_name,
    share: Number(telemetry.sample.slice(0, -1)) / 100,
    allowPrivate: telemetry.allow_private,
  }
}
