/** Methods of payment with their secrets. A method whose secret is missing or cannot be right is off, and the reason is kept and told. */

import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { Secret } from '#base/log.ts'
import type { Reference } from '#base/settings.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import type { Resolver, Surroundings, Tell } from './resolve.ts'
import { createResolver } from './resolve.ts'
import type { Settings } from './schema.ts'
import { blocks } from './schema.ts'

type Block = NonNullable<Settings['payments']>
type MethodName = 'stripe' | 'wechat' | 'alipay' | 'manual'

const apiV3KeyBytes = 32
const webhookSecretLengthMin = 16
const minutesMs = 60_000
const dayMs = 86_400_000
const expiresDefaultMs: Readonly<Record<MethodName, number>> = {
  stripe: 30 * minutesMs,
  wechat: 30 * minutesMs,
  alipay: 30 * minutesMs,
  manual: 14 * dayMs,
}

/** Reads secrets of one method; what is wrong is collected, and the method stays off. */
type Reading = {
  readonly secret: (
    reference: Reference | undefined,
    key: string,
    check?: (text: string) => string | null,
  ) => Promise<Secret | null>
  readonly faults: string[]
}

const reading = (resolver: (tell: Tell) => Resolver, method: MethodName): Reading => {
  const faults: string[] = []
  const inner = resolver((path, message) => faults.push(`${path.join('.')} ${message}`))
  return {
    faults,
    secret: async (reference, key, check) => {
      if (reference === undefined) {
        faults.push(`payments.${method}.${key} is not given`)
        return null
      }
      const found = await inner.secret(reference, ['payments', method, key], `payments.${method}`)
      const fault = found === null ? null : (check?.(found.secret.reveal()) ?? null)
      if (fault !== null) faults.push(`payments.${method}.${key} ${fault}`)
      return fault === null ? (found?.secret ?? null) : null
    },
  }
}

const isPrivateKey = (text: string): string | null => {
  try {
    return createPrivateKey(text).asymmetricKeyType === 'rsa' ? null : 'leads to a key that is not RSA'
  } catch {
    // Why says something of the key.
    return 'leads to no private key in PEM'
  }
}

const isPublicKey = (text: string): string | null => {
  try {
    return createPublicKey(text).asymmetricKeyType === 'rsa' ? null : 'leads to a key that is not RSA'
  } catch {
    // As above.
    return 'leads to no public key or certificate in PEM'
  }
}

const counterOf = (name: MethodName, entry: NonNullable<Block[MethodName]>) => ({
  fee: { basisPoints: entry.fee?.percent ?? 0n, fixedNano: entry.fee?.fixed ?? 0n },
  minNanoUsd: entry.min,
  maxNanoUsd: entry.max,
  expiresMs: entry.expires ?? expiresDefaultMs[name],
})

const stripeOf = async (entry: NonNullable<Block['stripe']>, { secret }: Reading): Promise<PaymentConfig['stripe']> => {
  const secretKey = await secret(entry.secret_key, 'secret_key', (text) =>
    /^(sk|rk)_\w+$/.test(text) ? null : 'leads to no key of Stripe: they begin with sk_ or rk_',
  )
  const webhookSecret = await secret(entry.webhook_secret, 'webhook_secret', (text) =>
    text.startsWith('whsec_') && text.length >= webhookSecretLengthMin
      ? null
      : 'leads to no signing secret of a webhook: they begin with whsec_',
  )
  if (secretKey === null || webhookSecret === null) return null
  const { currencies, ways, api = null } = entry
  return { ...counterOf('stripe', entry), secretKey, webhookSecret, currencies, ways, api }
}

const wechatOf = async (
  entry: NonNullable<Block['wechat']>,
  { secret, faults }: Reading,
): Promise<PaymentConfig['wechat']> => {
  const privateKey = await secret(entry.private_key, 'private_key', isPrivateKey)
  const apiV3Key = await secret(entry.api_v3_key, 'api_v3_key', (text) =>
    Buffer.byteLength(text) === apiV3KeyBytes ? null : 'leads to a key that is not 32 bytes long',
  )
  const isKeyMode = entry.public_key_id !== undefined || entry.public_key !== undefined
  if (isKeyMode && entry.public_key_id === undefined) faults.push('payments.wechat.public_key_id is not given')
  const pem = isKeyMode ? await secret(entry.public_key, 'public_key', isPublicKey) : null
  if (privateKey === null || apiV3Key === null || (isKeyMode && (pem === null || entry.public_key_id === undefined)))
    return null
  return {
    ...counterOf('wechat', entry),
    merchantId: entry.merchant_id,
    appId: entry.app_id,
    certificateSerial: entry.certificate_serial,
    privateKey,
    apiV3Key,
    publicKey: pem === null ? null : { id: entry.public_key_id ?? '', pem },
    api: entry.api ?? null,
  }
}

const alipayOf = async (
  entry: NonNullable<Block['alipay']>,
  { secret, faults }: Reading,
): Promise<PaymentConfig['alipay']> => {
  const privateKey = await secret(entry.private_key, 'private_key', isPrivateKey)
  const counter = {
    ...counterOf('alipay', entry),
    appId: entry.app_id,
    sellerId: entry.seller_id,
    gateway: entry.gateway ?? null,
  }
  const byCertificate = entry.app_certificate !== undefined || entry.alipay_certificate !== undefined
  if (byCertificate && entry.alipay_public_key !== undefined)
    faults.push('payments.alipay has alipay_public_key and certificates: leave one of them out')
  if (byCertificate) {
    const application = await secret(entry.app_certificate, 'app_certificate', isPublicKey)
    const alipay = await secret(entry.alipay_certificate, 'alipay_certificate', isPublicKey)
    const root = await secret(entry.root_certificate, 'root_certificate')
    if (privateKey === null || application === null || alipay === null || root === null) return null
    return { ...counter, privateKey, trust: { kind: 'certificates', application, alipay, root } }
  }
  const publicKey = await secret(entry.alipay_public_key, 'alipay_public_key', isPublicKey)
  if (privateKey === null || publicKey === null) return null
  return { ...counter, privateKey, trust: { kind: 'key', publicKey } }
}

const settlementOf = (settings: Settings, tell: Tell): PaymentConfig['settlement'] =>
  Object.entries(settings.settlement ?? {}).flatMap(([currency, rows]) =>
    rows.map(({ rate, from }, index) => {
      if (rate === 0n) tell(['settlement', currency, index, 'rate'], 'must be above zero')
      return { currency, rateNano: rate, fromMs: Date.parse(from) }
    }),
  )

/**
 * Faults of numbers go to `tell`; a method that lacks a secret is off with a warning, because a relay that sells nothing today is
 * better than none.
 */
export const buildPayments = async (
  settings: Settings,
  surroundings: Surroundings,
  { tell, warn }: { readonly tell: Tell; readonly warn: Tell },
): Promise<PaymentConfig> => {
  const block: Block = settings.payments ?? blocks.payments.parse({})
  const off = new Map<string, string>()
  const read = async <E, T>(
    name: MethodName,
    entry: E | undefined,
    build: (entry: E, from: Reading) => Promise<T | null>,
  ): Promise<T | null> => {
    if (entry === undefined) return null
    const from = reading((told) => createResolver(surroundings, told), name)
    const made = await build(entry, from)
    if (from.faults.length === 0) return made
    off.set(name, from.faults.join('; '))
    warn(['payments', name], `is off: ${from.faults.join('; ')}`)
    return null
  }
  for (const name of ['stripe', 'wechat', 'alipay', 'manual'] as const) {
    const entry = block[name]
    if (entry !== undefined && entry.max < entry.min) tell(['payments', name, 'max'], "must not be less than 'min'")
  }
  return {
    stripe: await read('stripe', block.stripe, stripeOf),
    wechat: await read('wechat', block.wechat, wechatOf),
    alipay: await read('alipay', block.alipay, alipayOf),
    manual:
      block.manual === undefined
        ? null
        : {
            ...counterOf('manual', block.manual),
            instructions: block.manual.instructions,
            currencies: block.manual.currencies,
            approveAboveNanoUsd: block.manual.approve_above,
          },
    presetsNanoUsd: block.presets,
    bonuses: block.bonuses.map(({ from, percent, expires }) => ({
      fromNanoUsd: from,
      basisPoints: percent,
      lastsMs: expires ?? null,
    })),
    settlement: settlementOf(settings, tell),
    late: block.late,
    terms: block.terms ?? null,
    description: block.description,
    kept: new Map(
      (['stripe', 'wechat', 'alipay', 'manual'] as const).flatMap((name) => {
        const kept = block[name]?.kept
        return kept === undefined ? [] : [[name, { basisPoints: kept.percent, fixedNano: kept.fixed }] as const]
      }),
    ),
    off,
  }
}
