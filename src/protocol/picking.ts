/** A body of which only some members are asked for. */

import type { JsonObject } from '#base/json-type.ts'

/** Gives these members of a body, those that are there. */
export const picking =
  (...names: readonly string[]) =>
  (body: JsonObject): JsonObject =>
    Object.fromEntries(names.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]))
