/** Schemas of tools, for the formats in which every tool takes an object. */

import type { JsonObject } from '#base/json-type.ts'

/** An empty schema still has to be one of an object. */
export const objectSchema = (parameters: JsonObject | null): JsonObject => ({
  type: 'object',
  ...(parameters ?? { properties: {} }),
})

/** What a custom tool takes. */
export const freeTextSchema: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The whole input of the tool, as free text.' } },
  required: ['input'],
}
