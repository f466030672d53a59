/** What a receipt proves of bodies: digests of what the provider sent and of what the caller was sent. */

import type { Buffer } from 'node:buffer'
import { makeDigest } from '#base/digest.ts'
import type { Outbound } from '#http/inbound.ts'

/** The way back, with every byte of the body that takes it digested, whoever wrote it. */
export const digesting = (outbound: Outbound): { readonly outbound: Outbound; readonly hex: () => string } => {
  const digest = makeDigest()
  return {
    outbound: {
      head: outbound.head,
      headSent: outbound.headSent,
      cut: outbound.cut,
      write: (bytes) => {
        digest.add(bytes)
        return outbound.write(bytes)
      },
      end: (bytes) => {
        if (bytes !== undefined) digest.add(bytes, true)
        return outbound.end(bytes)
      },
    },
    hex: digest.hex,
  }
}

/** A body that is told of as it is read: for a vendor's envelope, which is opened before anybody else sees it. */
export async function* toldOf(body: AsyncIterable<Buffer>, tell: (piece: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    tell(piece)
    yield piece
  }
}
