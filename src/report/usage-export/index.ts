/** The list of usage exports that are understood. */

import { anthropicUsage } from './anthropic.ts'
import { droverRecords } from './drover.ts'
import { heliconeRequests } from './helicone.ts'
import { langfuseObservations } from './langfuse.ts'
import { litellmSpend } from './litellm.ts'
import { manifestUsage } from './manifest.ts'
import { openaiUsage } from './openai.ts'
import { openrouterUsage } from './openrouter.ts'
import { opentelemetrySpans } from './opentelemetry.ts'
import type { UsageExportReader } from './row.ts'

export const usageExportReaders: readonly UsageExportReader[] = [
  openaiUsage,
  anthropicUsage,
  openrouterUsage,
  droverRecords,
  litellmSpend,
  langfuseObservations,
  heliconeRequests,
  opentelemetrySpans,
  manifestUsage,
]
