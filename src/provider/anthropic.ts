/**
 * Anthropic by its own protocol: https://platform.claude.com/docs/en/api/messages, read 2026-11-22. Callers of other formats
 * are translated, so that thinking, caching and tools are all there, which its OpenAI-compatible endpoint leaves out.
 * Closing a stream stops its generation and its bill (https://openrouter.ai/docs/api-reference/streaming, list of
 * providers, read 2026-11-22).
 */

import type { Dialect, ThinkingRange } from '#protocol/protocol.ts'
import { claudeHistory } from './claude-history.ts'
import type { Vendor } from './vendor.ts'
import { compatibleDialect, makeVendor } from './vendor-defaults.ts'

/** Models before 4.6 think by a budget of tokens; later ones as much as they find right (https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking, read 2026-11-22). */
const thinksByBudget = /^claude-(?:3|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8})?$|(?:opus|sonnet|haiku)-4\.[0-5]\b)/

const dialect = (thinking: Dialect['thinking'], thinkingRange?: ThinkingRange): Dialect => ({
  ...compatibleDialect,
  ...{ cacheMarks: true, thinking, thinkingRange },
})
const [byBudget, adaptive] = [dialect('budget'), dialect('adaptive')]
/** No "xhigh" (https://code.claude.com/docs/en/model-config#adjust-effort-level, by github.com/tractorjuice/arc-kit/pull/577, read 2026-12-01). */
const withoutXhigh = dialect('adaptive', { levels: ['low', 'medium', 'high', 'max'] })
/** "Adaptive (always on)" (https://platform.claude.com/docs/en/models/opus-4-6/overview.md, its table of models, read 2026-12-01). */
const always = dialect('adaptive', { always: true })

const dialectOf = (model: string): Dialect => {
  if (thinksByBudget.test(model)) return byBudget
  if (/^claude-fable-/.test(model)) return always
  return /^claude-(?:opus|sonnet)-4[-.]6\b/.test(model) ? withoutXhigh : adaptive
}

export const anthropic: Vendor = makeVendor({
  name: 'anthropic',
  title: 'Anthropic',
  baseUrl: 'https://api.anthropic.com/v1',
  keyEnv: ['ANTHROPIC_API_KEY'],
  protocols: ['anthropic-messages'],
  histories: { 'anthropic-messages': claudeHistory },
  dialect: dialectOf,
  authorise: (credential) => ({ 'x-api-key': credential.reveal() }),
  requestIdHeaders: ['request-id', 'x-request-id'],
  checkPath: null,
  // https://platform.claude.com/docs/en/build-with-claude/files and …/batch-processing, from memory.
  shelf: { files: ['anthropic'], batches: ['anthropic'], uploads: false, tuning: false, certain: true },
  keyPage: 'https://platform.claude.com/settings/keys',
})
