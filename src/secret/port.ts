/** What this room needs kept. */

/** A key that signs receipts. */
export type ReceiptKeyRow = {
  /** From 1, one more with each rotation. */
  readonly generation: number
  readonly id: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The private key, sealed. */
  readonly sealed: Uint8Array
  readonly createdMs: number
  /** Since when another one signs; `null` = this one does. */
  readonly retiredMs: number | null
}

/** Who changed it, as the trail has it; `null` = the server itself, at its first start. */
export type ReceiptKeyStore<Trail = unknown> = {
  /** The newest last. */
  readonly receiptKeys: () => Promise<readonly ReceiptKeyRow[]>
  /** Retires those before it. `false` = another process has made this generation, and nothing was changed. */
  readonly addReceiptKey: (row: ReceiptKeyRow, trail: Trail | null) => Promise<boolean>
}
