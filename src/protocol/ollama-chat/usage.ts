/** Usage as Ollama writes it, on the document that says `done`. */

import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { countOf, usageOf } from '#base/usage.ts'

/** `prompt_eval_count` is left out where the whole prompt was still in memory: unknown then, not zero. Vectors have no `eval_count`. */
export const readUsage = (document: JsonObject): Usage =>
  usageOf({
    input: countOf(document['prompt_eval_count']),
    output: 'embeddings' in document ? 0 : countOf(document['eval_count']),
  })
