/** What can be configured about taking payments: the block `payments`. */

import { z } from 'zod'
import { line, reference, url } from '#base/settings.ts'

const stripe = z.strictObject({
  secret_key: reference().describe('The secret API key.'),
  webhook_secret: reference().describe("The signing secret of the webhook's endpoint."),
})

const wechat = z.strictObject({
  merchant_id: line(64).describe('The merchant number (mchid).'),
  app_id: line(64).describe('The app id that the payment belongs to.'),
  certificate_serial: line(128).describe("The serial number of the merchant's certificate."),
  private_key: reference().describe("The merchant's private key in PEM."),
  api_v3_key: reference().describe('The APIv3 key, 32 bytes.'),
  public_key_id: line(128).optional().describe('The id of the platform public key.'),
  public_key: reference().optional().describe('The platform public key in PEM.'),
})

const alipay = z.strictObject({
  app_id: line(64).describe('The id of the application.'),
  seller_id: line(64).describe('The partner number that payments go to.'),
  private_key: reference().describe("The application's private key in PEM."),
  alipay_public_key: reference().describe("Alipay's public key in PEM."),
  gateway: url(['https']).optional().describe('The gateway. Absent: production.'),
})

/** The block `payments`: methods by which credit is bought. */
export const paymentSettings = z
  .strictObject({
    stripe: stripe.optional().describe('Cards and wallets by Stripe.'),
    wechat: wechat.optional().describe('WeChat Pay v3, Native.'),
    alipay: alipay.optional().describe('Alipay.'),
    manual: z.strictObject({}).optional().describe('Transfers that an operator confirms.'),
  })
  .describe('How credit is bought.')
