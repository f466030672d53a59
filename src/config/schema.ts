/** Every block of drover.yaml, in the order of the manual, and whether this version can do what it asks for. */

import type { z } from 'zod'
import { publicSettings } from '#catalog/settings.ts'
import { sellerSettings } from '#document/settings.ts'
import { consoleSettings, serverSettings } from '#http/settings.ts'
import { identitySettings, signupSettings } from '#identity/settings.ts'
import { fxSettings, settlementSettings } from '#ledger/settings.ts'
import { migrationSettings } from '#migration/settings.ts'
import { alertSettings, mailSettings, recipientSettings } from '#notify/settings.ts'
import { logSettings, telemetrySettings } from '#observe/settings.ts'
import { paymentSettings } from '#payment/settings.ts'
import { bundleSettings, guardSettings, limitSettings, planSettings, regionSettings } from '#policy/settings.ts'
import { appliedSettings, providerSettings } from '#provider/settings.ts'
import { modelSettings } from '#relay/settings.ts'
import { semanticCacheSettings } from '#reuse/settings.ts'
import { secretSettings } from '#secret/settings.ts'
import { clusterSettings, retentionSettings, storeSettings } from '#store/settings.ts'

/** The schemas by block. What a block means is described in the room that it configures. */
export const blocks = {
  server: serverSettings,
  console: consoleSettings,
  store: storeSettings,
  cluster: clusterSettings,
  secrets: secretSettings,
  providers: providerSettings,
  models: modelSettings,
  applied: appliedSettings,
  plans: planSettings,
  bundles: bundleSettings,
  signup: signupSettings,
  identity: identitySettings,
  mail: mailSettings,
  payments: paymentSettings,
  settlement: settlementSettings,
  fx: fxSettings,
  seller: sellerSettings,
  public: publicSettings,
  retention: retentionSettings,
  regions: regionSettings,
  limits: limitSettings,
  guardrails: guardSettings,
  semantic_cache: semanticCacheSettings,
  recipients: recipientSettings,
  alerts: alertSettings,
  migrations: migrationSettings,
  log: logSettings,
  telemetry: telemetrySettings,
} as const satisfies Record<string, z.ZodType>

export type BlockName = keyof typeof blocks

/** What the schemas of all blocks give. */
export type Settings = { readonly [Name in BlockName]?: z.output<(typeof blocks)[Name]> }

/** Blocks whose content is checked and which are then refused, with what they would need. */
export const unavailable: Readonly<Partial<Record<BlockName, string>>> = {}
