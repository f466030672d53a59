// The pages of docs/reference/ that are made from the tables and schemas of the code, so that they cannot say anything else.
import { z } from 'zod'

import { problems } from '#base/problem.ts'
import { blocks, unavailable } from '#config/schema.ts'

import type { Schema } from './configuration-page.ts'
import { configurationPage } from './configuration-page.ts'
import { errorsPage } from './errors-page.ts'

/** Every generated page: its path from the root of the checkout, and its text. */
export function generatedPages(): ReadonlyMap<string, string> {
  const reasons: Readonly<Record<string, string>> = unavailable
  const configured = Object.entries(blocks).map(([name, settings]) => ({
    name,
    schema: z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }) as Schema,
    unavailable: reasons[name],
  }))
  return new Map([
    ['docs/reference/errors.md', errorsPage(problems)],
    ['docs/reference/configuration.md', configurationPage(configured)],
  ])
}
