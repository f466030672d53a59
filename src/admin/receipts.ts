/** Receipts of calls, signed, and the keys that prove them. */

import { z } from 'zod'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { receiptOf } from '#relay/receipt.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

const text = z.string().nullable()
const tokens = z.int().nullable()

const receiptView = z.object({
  version: z.literal(1),
  call: z.string(),
  time: z.string().describe('RFC 3339, UTC.'),
  signed_at: z.string(),
  account: text,
  key: text,
  test: z.boolean(),
  protocol: z.string(),
  path: z.string(),
  stream: z.boolean(),
  model: text.describe('As the caller wrote it.'),
  provider: text,
  upstream_model: text,
  upstream_request_id: text,
  status: z.int(),
  end: z.string(),
  finish_reason: text,
  cache: text,
  usage: z
    .object({
      input: tokens,
      output: tokens,
      cached_input: tokens,
      cache_write: tokens,
      reasoning: tokens,
      source: z.enum(['reported', 'partial', 'counted', 'estimated']),
    })
    .nullable(),
  cost_nano_usd: text,
  books: z.object({ state: z.string(), held_nano_usd: z.string(), charged_nano_usd: text, rule: text }).nullable(),
  price: z
    .object({
      hash: z.string(),
      model: z.string(),
      vendor: z.string(),
      source: z.string(),
      currency: z.string(),
      service_tier: z.string(),
      per_usd_nano: text,
      discounts: z.array(z.object({ name: z.string(), basis_points: z.int() })),
    })
    .nullable(),
  request_bytes: z.int(),
  response_bytes: z.int(),
  upstream_sha256: text.describe(
    "Of the provider's body, decompressed; null = digests were not kept, or there was none.",
  ),
  delivered_sha256: text.describe('Of the body that the caller was sent.'),
  identical: z.boolean().nullable().describe('Whether both are the same; null = not known.'),
  warnings: z.array(z.string()),
})

const signedView = z.object({
  receipt: receiptView,
  signature: z.object({ algorithm: z.literal('Ed25519'), key: z.string(), value: z.string() }),
})

const keyView = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  use: z.literal('sig'),
  alg: z.literal('EdDSA'),
  kid: z.string(),
  x: z.string().describe('The 32 bytes in base64url.'),
  created: z.string(),
  retired: text.describe('Until when receipts were signed with it; null = they are.'),
})

const show = operation({
  noun: 'receipt',
  verb: 'show',
  summary: 'The receipt of one call, signed: what was asked, sent, counted and charged, and digests of both bodies.',
  method: 'GET',
  path: '/calls/{id}/receipt',
  scope: 'read',
  input: z.strictObject({ id: z.string().min(1).max(100).describe("The call's id.") }),
  output: signedView,
  flags: [{ field: 'id', describe: "The call's id: the x-request-id of its answer.", positional: true }],
  // What is signed is what is written: a table would prove nothing.
  render: (signed) => `${JSON.stringify(signed, null, 2)}\n`,
  run: async ({ id }, { ports }) => {
    const { store, receipts } = ports
    const record = await store.call(id)
    if (record === null)
      throw new Problem('not_found', {
        ...saying('no_ended_call', { id }),
        param: 'id',
      })
    const signed = await receipts.sign(receiptOf(record, await store.receipt(id)))
    // The schema's lists can be written to, what was signed cannot: the same value in another type.
    return signed as z.input<typeof signedView>
  },
})

const keys = operation({
  noun: 'receipt',
  verb: 'keys',
  summary: 'The public keys that prove receipts, the newest first; the same as /.well-known/drover-receipt-keys.json.',
  method: 'GET',
  path: '/receipt-keys',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({ keys: z.array(keyView) }),
  flags: [],
  render: ({ keys: list }) =>
    table(
      ['KEY', 'CREATED', 'RETIRED', 'PUBLIC KEY'],
      list.map(({ kid, created, retired, x }) => [kid, created, retired ?? '-', x]),
    ),
  run: async (_input, { ports }) => ({ keys: [...(await ports.receipts.published())] }),
})

const rotate = operation({
  noun: 'receipt',
  verb: 'rotate',
  summary:
    'Sign receipts with a new key from now on; the ones before stay published, so that old receipts can be checked.',
  method: 'POST',
  path: '/receipt-keys',
  scope: 'secrets',
  input: z.strictObject({}),
  output: keyView,
  flags: [],
  run: async (_input, context) =>
    context.ports.receipts.rotate((before, after) =>
      trailRowOf(
        {
          operation: 'receipt.rotate' as const,
          object: after,
          before: before === null ? null : { key: before },
          after: { key: after },
        },
        context,
      ),
    ),
})

export const receiptOperations = [show, keys, rotate] as const
