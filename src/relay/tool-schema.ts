/** Whether what a model gave a tool is what the tool takes. */

import { fitsSchema } from '#base/json-schema.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'

const declaredIn = (tool: Json): readonly JsonObject[] => {
  if (!isObject(tool)) return []
  const { functionDeclarations, function_declarations: snake, function: inner } = tool
  const declared = functionDeclarations ?? snake
  if (Array.isArray(declared)) return declared.filter(isObject)
  return [isObject(inner) ? inner : tool]
}

/** The schemas of a call's tools, by their names, in whichever format they are declared. */
export const toolSchemas = (call: Call): ReadonlyMap<string, JsonObject> => {
  const tools = call.payload.kind === 'json' ? call.body()['tools'] : undefined
  const schemas = new Map<string, JsonObject>()
  for (const tool of Array.isArray(tools) ? tools.flatMap(declaredIn) : []) {
    const schema = tool['parameters'] ?? tool['input_schema'] ?? tool['parametersJsonSchema']
    if (typeof tool['name'] === 'string' && isObject(schema)) schemas.set(tool['name'], schema)
  }
  return schemas
}

/** The value of arguments; `undefined` = they are no JSON. Some providers write none at all for a function that takes none. */
const argumentsOf = (input: string): Json | undefined => {
  try {
    return JSON.parse(input === '' ? '{}' : input) as Json
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

/** Whether arguments are JSON that the tool's schema allows; `null` = they are JSON, and the tool declares no schema, or one that is too much to look at. */
export const fitsTool = (input: string, schema: JsonObject | undefined): boolean | null => {
  const value = argumentsOf(input)
  if (value === undefined) return false
  return schema === undefined ? null : fitsSchema(value, schema)
}
