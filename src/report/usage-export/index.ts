/** The list of usage exports that are understood. */

import { anthropicUsage } from './anthropic.ts'
import { openaiUsage } from './openai.ts'
import { openrouterUsage } from './openrouter.ts'
import type { UsageExportReader } from './row.ts'

export const usageExportReaders: readonly UsageExportReader[] = [openaiUsage, anthropicUsage, openrouterUsage]
