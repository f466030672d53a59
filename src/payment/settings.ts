/** What can be configured about taking payments: the block `payments`. */

import { z } from 'zod'
import type { Secret } from '#base/log.ts'
import { amount, duration, line, reference, url } from '#base/settings.ts'
import type { Bonus, Fee, SettlementRate } from './price.ts'
import type { Counter } from './shop.ts'

const currency = () => z.enum(['USD', 'CNY'], { error: 'must be USD or CNY' })

/** A percentage with at most two places; gives hundredths of a percent. */
const percent = () =>
  z
    .string({ error: 'must be a percentage such as "2.9%"' })
    .meta({ kind: 'percent' })
    .transform((text, context): bigint => {
      const match = /^(\d{1,3})(?:\.(\d{1,2}))?%$/.exec(text)
      if (match === null) context.addIssue('must be a percentage with at most two places, such as "2.9%"')
      const basisPoints = BigInt(match?.[1] ?? '0') * 100n + BigInt((match?.[2] ?? '').padEnd(2, '0'))
      if (basisPoints > 10_000n) context.addIssue('must not be more than 100%')
      return basisPoints
    })

const fee = () =>
  z
    .strictObject({
      percent: percent().default(0n).describe('Of the price, such as "2.9%".'),
      fixed: amount().default(0n).describe("Besides, in the payer's currency."),
    })
    .describe('What the payer pays on top of the price.')

/** What every method has. */
const bounds = (expires: string) => ({
  min: amount().default(1_000_000_000n).describe('The least credit that can be bought at once, in USD (default "1").'),
  max: amount()
    .default(10_000_000_000_000n)
    .describe('The most credit that can be bought at once, in USD (default "10000").'),
  fee: fee().optional(),
  kept: fee()
    .optional()
    .describe('What the processor keeps of a payment, for the nightly comparison. Absent: fees are not compared.'),
  expires: duration({ min: '1m', max: '90d' })
    .optional()
    .describe(`How long an order can be paid (default ${expires}).`),
})

const stripe = z.strictObject({
  secret_key: reference().describe('The secret API key.'),
  webhook_secret: reference().describe("The signing secret of the webhook's endpoint."),
  currencies: z
    .array(currency())
    .min(1)
    .max(2)
    .default(['USD'])
    .describe('What payers may pay in, the first unless they say.'),
  ways: z
    .array(z.enum(['checkout', 'alipay', 'wechat_pay']))
    .min(1)
    .default(['checkout'])
    .describe('`checkout` = cards; `alipay`, `wechat_pay` = those wallets through Stripe.'),
  api: url(['https', 'http']).optional().describe('Where the API is. Absent: production.'),
  ...bounds('30m'),
})

const wechat = z.strictObject({
  merchant_id: line(32).describe('The merchant number (mchid).'),
  app_id: line(32).describe('The app id that the payment belongs to.'),
  certificate_serial: line(128).describe("The serial number of the merchant's certificate."),
  private_key: reference().describe("The merchant's private key in PEM."),
  api_v3_key: reference().describe('The APIv3 key, 32 bytes.'),
  public_key_id: line(128)
    .optional()
    .describe('The id of the platform public key. Absent: platform certificates are fetched.'),
  public_key: reference().optional().describe('The platform public key in PEM.'),
  api: url(['https', 'http']).optional().describe('Where the API is. Absent: production.'),
  ...bounds('30m'),
})

const alipay = z.strictObject({
  app_id: line(32).describe('The id of the application.'),
  seller_id: line(32).describe('The partner number that payments go to.'),
  private_key: reference().describe("The application's private key in PEM."),
  alipay_public_key: reference().optional().describe("Alipay's public key in PEM. Not together with certificates."),
  app_certificate: reference().optional().describe("Certificate mode: the application's certificate in PEM."),
  alipay_certificate: reference().optional().describe("Certificate mode: Alipay's certificate in PEM."),
  root_certificate: reference().optional().describe("Certificate mode: Alipay's root certificates in PEM."),
  gateway: url(['https', 'http']).optional().describe('The gateway. Absent: production.'),
  ...bounds('30m'),
})

const manual = z.strictObject({
  instructions: z
    .string()
    .min(1)
    .max(2000)
    .default('Ask the operator where to transfer to.')
    .describe('What payers are told: bank, account, name.'),
  currencies: z.array(currency()).min(1).max(2).default(['USD']).describe('What payers may pay in.'),
  approve_above: amount()
    .default(1_000_000_000_000n)
    .describe('Above this credit, in USD, a second person must approve what came (default "1000").'),
  ...bounds('14d'),
})

const bonus = z.strictObject({
  from: amount().describe('From this purchase on, in USD of credit.'),
  percent: percent().describe('Of the credit bought, given besides.'),
  expires: duration().optional().describe('How long the given credit lasts.'),
})

/** The block `payments`: methods by which credit is bought. */
export const paymentSettings = z
  .strictObject({
    stripe: stripe.optional().describe('Cards and wallets by Stripe.'),
    wechat: wechat.optional().describe('WeChat Pay v3: Native, H5, JSAPI.'),
    alipay: alipay.optional().describe('Alipay: page and QR.'),
    manual: manual.optional().describe('Bank transfers that an operator confirms.'),
    presets: z.array(amount()).max(20).default([]).describe('Amounts of credit that payers are offered, in USD.'),
    bonuses: z.array(bonus).max(20).default([]).describe('Credit given besides; the best one that is reached counts.'),
    late: z
      .enum(['credit', 'refund'])
      .default('credit')
      .describe('What is done with money that comes when its order has ended.'),
    terms: z
      .strictObject({
        version: line(100).describe('Changes with every change of the terms, such as "2026-11".'),
        url: url(['https', 'http']).describe('Where they can be read.'),
      })
      .optional()
      .describe('The terms of sale that a buyer must have accepted before credit is ordered. Absent: none.'),
    description: line(100).default('API credit').describe("What stands on the payer's page and statement."),
  })
  .describe('How credit is bought.')

/** What processors keep, by method; of the others nobody said. */
export type KeptFees = ReadonlyMap<string, Fee>

/** What the configuration makes of the block: secrets read, defaults filled in. A method that lacks its secret is `null`. */
export type PaymentConfig = {
  readonly stripe:
    | (Counter & {
        readonly secretKey: Secret
        readonly webhookSecret: Secret
        readonly currencies: readonly string[]
        readonly ways: readonly string[]
        readonly api: string | null
      })
    | null
  readonly wechat:
    | (Counter & {
        readonly merchantId: string
        readonly appId: string
        readonly certificateSerial: string
        readonly privateKey: Secret
        readonly apiV3Key: Secret
        /** `null` = platform certificates are fetched. */
        readonly publicKey: { readonly id: string; readonly pem: Secret } | null
        readonly api: string | null
      })
    | null
  readonly alipay:
    | (Counter & {
        readonly appId: string
        readonly sellerId: string
        readonly privateKey: Secret
        readonly trust:
          | { readonly kind: 'key'; readonly publicKey: Secret }
          | {
              readonly kind: 'certificates'
              readonly application: Secret
              readonly alipay: Secret
              readonly root: Secret
            }
        readonly gateway: string | null
      })
    | null
  readonly manual:
    | (Counter & {
        readonly instructions: string
        readonly currencies: readonly string[]
        readonly approveAboveNanoUsd: bigint
      })
    | null
  readonly presetsNanoUsd: readonly bigint[]
  readonly bonuses: readonly Bonus[]
  readonly settlement: readonly SettlementRate[]
  readonly late: 'credit' | 'refund'
  readonly terms: { readonly version: string; readonly url: string } | null
  readonly description: string
  readonly kept: KeptFees
  /** Why a method that the file names is not on. */
  readonly off: ReadonlyMap<string, string>
}
