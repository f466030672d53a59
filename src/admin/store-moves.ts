/** The embedded store of a running server handed over to a Postgres: what `drover store move --online` asks the server for. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { operation } from './operation.ts'
import { trailRowOf } from './trail-row.ts'

const pem = z.string().max(100_000).nullable().default(null)

const next = z.strictObject({
  url: z.string().min(1).max(1000).describe('postgres://…, with its secret.'),
  direct_url: z.string().max(1000).nullable().default(null),
  authority: pem,
  certificate: pem,
  key: pem,
})

const step = operation({
  noun: 'store-moves',
  verb: 'step',
  summary:
    "One step of handing the store over, for 'drover store move --online': pause (callers wait, 10 s at most), take (the Postgres answers from now on), resume (everything stays).",
  method: 'POST',
  path: '/store-moves',
  scope: 'write',
  input: z.strictObject({
    step: z.enum(['pause', 'take', 'resume']),
    to: next.nullable().default(null).describe('Where to; asked for by pause.'),
  }),
  output: z.object({
    step: z.enum(['pause', 'take', 'resume']),
    paused_ms: z.number().nullable().describe('How long callers waited; null but for take.'),
  }),
  flags: [{ field: 'to', describe: 'Where to, as JSON.', file: true }],
  render: ({ step: done, paused_ms }) => `${done}${paused_ms === null ? '' : `: callers waited ${paused_ms} ms`}\n`,
  run: async ({ step: wanted, to }, context) => {
    const { store } = context.ports
    const { handOver } = store
    if (handOver === undefined)
      throw new Problem('conflict', {
        message:
          'This server is on a Postgres, or has several workers on its embedded store: to be moved while it runs it has to run alone (without --workers).',
      })
    if (wanted === 'resume') {
      await handOver.resume()
      return { step: wanted, paused_ms: null }
    }
    if (wanted === 'pause') {
      if (to === null)
        throw new Problem('invalid_request_error', { message: 'pause needs to know where to.', param: 'to' })
      const { url, direct_url: directUrl, ...tls } = to
      await handOver.pause({ url, directUrl, tls })
      return { step: wanted, paused_ms: null }
    }
    const { pausedMs } = await handOver.take()
    await store.noteChange(
      trailRowOf(
        {
          operation: 'store.move' as const,
          object: 'store',
          before: { engine: 'sqlite' },
          after: { engine: 'postgres' },
        },
        context,
      ),
    )
    return { step: wanted, paused_ms: Math.round(pausedMs) }
  },
})

export const storeMoveOperations = [step] as const
