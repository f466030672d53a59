/** The log through pino: one JSON line each, on stderr, without secrets and without bodies. */

import { pino } from 'pino'
import type { Log, LogFields } from '#base/log.ts'
import { Problem } from '#base/problem.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Anything that looks like a credential, wherever it turns up in a text: keys of Drover and of the known vendors. */
const credentialForm =
  /\b(?:sk|hs|rk|pk|gsk|xai|key|drover-admin)-[A-Za-z0-9_-]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\bBearer\s+[A-Za-z0-9._~+/-]{12,}/g

export const scrub = (text: string): string => text.replace(credentialForm, '[secret]')

const causeMessages = (error: Error, depthMax = 4): string[] =>
  error.cause instanceof Error && depthMax > 0
    ? [scrub(error.cause.message), ...causeMessages(error.cause, depthMax - 1)]
    : []

const plain = (value: unknown): unknown => {
  if (typeof value === 'string') return scrub(value)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error)
    return {
      name: value.name,
      message: scrub(value.message),
      ...(value instanceof Problem ? { code: value.code } : { stack: scrub(value.stack ?? '') }),
      causes: causeMessages(value),
    }
  return value
}

const plainFields = (fields: LogFields): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plain(value)]))

/** `write` gets whole lines; `always` stands in each of them. */
export const pinoLog = (level: LogLevel, write: (line: string) => void, always: LogFields = {}): Log => {
  const logger = pino({ level, base: always, timestamp: pino.stdTimeFunctions.isoTime }, { write })
  const at = (name: LogLevel) => (message: string, fields?: LogFields) =>
    logger[name](plainFields(fields ?? {}), scrub(message))
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
