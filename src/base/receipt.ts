/** A receipt of one call, signed so that whoever has it can check it without asking the relay. */

import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { createPublicKey, sign, verify } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import { isObject } from './json-type.ts'

/** Stands before what is signed, so that a signature is good for a receipt and for nothing else. */
const signedAs = 'drover-receipt-v1\n'

/** So long after its key was retired elsewhere a node whose clock is ahead, or that had just taken the key, may still sign. */
const skewMs = 5_000

/** Tokens; `null` = unknown. */
export type ReceiptUsage = {
  readonly input: number | null
  readonly output: number | null
  readonly cached_input: number | null
  readonly cache_write: number | null
  readonly reasoning: number | null
  readonly source: 'reported' | 'partial' | 'counted' | 'estimated'
}

/** The row that the call was charged by, and what was taken off. */
export type ReceiptPrice = {
  /** SHA-256 of the row. */
  readonly hash: string
  readonly model: string
  readonly vendor: string
  readonly source: string
  readonly currency: string
  readonly service_tier: string
  /** Nano units of the currency for a dollar; `null` = the row is in dollars. */
  readonly per_usd_nano: string | null
  /** Parts of ten thousand, in the order in which they were taken off. What an operator puts on is in the price. */
  readonly discounts: readonly { readonly name: string; readonly basis_points: number }[]
}

/** What is signed. Money is nano-USD as a decimal string, times are RFC 3339 in UTC, numbers are whole. */
export type Receipt = {
  readonly version: 1
  readonly call: string
  readonly time: string
  readonly signed_at: string
  readonly account: string | null
  readonly key: string | null
  /** Under a test key: the sandbox answered, and no money moved. */
  readonly test: boolean
  readonly protocol: string
  readonly path: string
  readonly stream: boolean
  /** As the caller wrote it. */
  readonly model: string | null
  readonly provider: string | null
  readonly upstream_model: string | null
  readonly upstream_request_id: string | null
  readonly status: number
  readonly end: string
  readonly finish_reason: string | null
  readonly cache: string | null
  readonly usage: ReceiptUsage | null
  readonly cost_nano_usd: string | null
  /** What the books say; `null` = no money was about this call. */
  readonly books: {
    readonly state: string
    readonly held_nano_usd: string
    readonly charged_nano_usd: string | null
    readonly rule: string | null
  } | null
  readonly price: ReceiptPrice | null
  readonly request_bytes: number
  readonly response_bytes: number
  /** SHA-256 in hex of the provider's body, decompressed, and of the body that the caller was sent; `null` = not kept. */
  readonly upstream_sha256: string | null
  readonly delivered_sha256: string | null
  /** Whether the caller was sent what the provider sent, byte for byte; `null` = not known. */
  readonly identical: boolean | null
  readonly warnings: readonly string[]
}

export type SignedReceipt = {
  readonly receipt: Receipt
  readonly signature: { readonly algorithm: 'Ed25519'; readonly key: string; readonly value: string }
}

/** A public key as a JWK (RFC 8037); `retired` = until when receipts were signed with it. */
export type ReceiptKey = {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly use: 'sig'
  readonly alg: 'EdDSA'
  readonly kid: string
  /** The 32 bytes in base64url. */
  readonly x: string
  readonly created: string
  readonly retired: string | null
}

export type ReceiptVerdict = { readonly ok: true; readonly key: string } | { readonly ok: false; readonly why: string }

/** The bytes that are signed: members in the order of their names, no blanks, UTF-8, after one line that says what they are. */
export const signedBytes = (receipt: unknown): Uint8Array =>
  Buffer.from(`${signedAs}${canonicalJson(JSON.stringify(receipt))}`)

/** The receipt with its signature by this key. */
export const signReceipt = (
  receipt: Receipt,
  { id, privateKey }: { readonly id: string; readonly privateKey: KeyObject },
): SignedReceipt => ({
  receipt,
  signature: {
    algorithm: 'Ed25519',
    key: id,
    value: sign(null, signedBytes(receipt), privateKey).toString('base64url'),
  },
})

const publicKeyOf = ({ kty, crv, x }: ReceiptKey): KeyObject | null => {
  try {
    return createPublicKey({ key: { kty, crv, x }, format: 'jwk' })
  } catch {
    // Whatever Node says of its form: it is no key to check anything with.
    return null
  }
}

const no = (why: string): ReceiptVerdict => ({ ok: false, why })

const timeFault = (receipt: Readonly<Record<string, unknown>>, key: ReceiptKey): string | null => {
  const signedMs = typeof receipt['signed_at'] === 'string' ? Date.parse(receipt['signed_at']) : Number.NaN
  if (Number.isNaN(signedMs)) return 'it does not say when it was signed'
  if (signedMs < Date.parse(key.created)) return `it says ${receipt['signed_at']}, before its key ${key.kid} was made`
  if (key.retired !== null && signedMs > Date.parse(key.retired) + skewMs)
    return `it says ${receipt['signed_at']}, after its key ${key.kid} was retired`
  return null
}

/** Whether these keys prove the receipt, and if not, what is wrong with it. Never throws, whatever the value is. */
export const verifyReceipt = (value: unknown, keys: readonly ReceiptKey[]): ReceiptVerdict => {
  if (!isObject(value) || !isObject(value['receipt']) || !isObject(value['signature']))
    return no('it is no signed receipt: it needs the members "receipt" and "signature"')
  const { receipt, signature } = value
  if (receipt['version'] !== 1) return no(`its version is ${JSON.stringify(receipt['version']) ?? 'missing'}, not 1`)
  if (signature['algorithm'] !== 'Ed25519')
    return no(`it is signed by ${JSON.stringify(signature['algorithm']) ?? 'nothing'}, not by Ed25519`)
  const key = keys.find(({ kid }) => kid === signature['key'])
  if (key === undefined)
    return no(`it was signed with the key ${JSON.stringify(signature['key']) ?? '(none)'}, which is not among the keys`)
  const publicKey = publicKeyOf(key)
  if (publicKey === null) return no(`the key ${key.kid} is no Ed25519 key`)
  const text = signature['value']
  const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64url')
  if (bytes.length !== 64) return no('its signature is not 64 bytes long')
  if (!verify(null, signedBytes(receipt), publicKey, bytes))
    return no('the signature does not fit: the receipt was altered, or another key signed it')
  const fault = timeFault(receipt, key)
  return fault === null ? { ok: true, key: key.kid } : no(fault)
}
