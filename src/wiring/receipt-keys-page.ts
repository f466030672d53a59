/** The keys that prove receipts, for whoever has one: published without a credential, as other public keys are. */

import { Buffer } from 'node:buffer'
import type { Endpoint } from '#http/endpoint.ts'
import type { PageEndpoint } from '#http/page.ts'
import { page } from '#http/page.ts'
import type { ReceiptKeys } from '#secret/receipt-keys.ts'

export const receiptKeysPath = '/.well-known/drover-receipt-keys.json'

/** A set of JSON Web Keys (RFC 7517), the newest first. It may be kept for five minutes: a new key is seen soon. */
export const receiptKeysEndpoint = ({ published }: Pick<ReceiptKeys, 'published'>): Endpoint<PageEndpoint> =>
  page(receiptKeysPath, async () => ({
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    },
    body: Buffer.from(JSON.stringify({ keys: await published() })),
  }))
