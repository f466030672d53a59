/** What a receipt proves of bodies: digests of what the provider sent and of what the caller was sent. */

import type { Buffer } from 'node:buffer'
import type { Digest } from '#base/digest.ts'
import { makeDigest } from '#base/digest.ts'
import type { Outbound } from '#http/inbound.ts'

/** The way back, with every byte of the body that takes it digested, whoever wrote it. */
class Digesting implements Outbound {
  readonly #outbound: Outbound
  readonly #digest = makeDigest()

  constructor(outbound: Outbound) {
    this.#outbound = outbound
  }

  head(status: number, headers: Readonly<Record<string, string | readonly string[]>>): void {
    this.#outbound.head(status, headers)
  }

  headSent(): boolean {
    return this.#outbound.headSent()
  }

  write(bytes: Uint8Array): Promise<void> | null {
    this.#digest.add(bytes)
    return this.#outbound.write(bytes)
  }

  end(bytes?: Uint8Array): Promise<void> {
    if (bytes !== undefined) this.#digest.add(bytes, true)
    return this.#outbound.end(bytes)
  }

  cut(): void {
    this.#outbound.cut()
  }

  hex(): string {
    return this.#digest.hex()
  }
}

export const digesting = (outbound: Outbound): Outbound & Pick<Digest, 'hex'> => new Digesting(outbound)

/** A body that is told of as it is read: for a vendor's envelope, which is opened before anybody else sees it. */
export async function* toldOf(body: AsyncIterable<Buffer>, tell: (piece: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    tell(piece)
    yield piece
  }
}
