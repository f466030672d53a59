// The pages of docs/reference/ that are made from the tables and schemas of the code, so that they cannot say anything else.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { z } from 'zod'

import { openApiOf } from '#admin/openapi.ts'
import { operations } from '#admin/operations.ts'
import { problems } from '#base/problem.ts'
import { blocks, unavailable } from '#config/schema.ts'
import { metrics } from '#migration/metric.ts'
import { migrationFile } from '#migration/settings.ts'
import { vendors } from '#provider/index.ts'
import { goldenCosts } from '#report/golden/costs.ts'

import { commandsPage } from './commands-page.ts'
import type { Schema } from './configuration-page.ts'
import { configurationPage, migrationFilePage } from './configuration-page.ts'
import { errorsPage } from './errors-page.ts'
import { goldenCostsPage } from './golden-costs-page.ts'
import { translationPage } from './translation-page.ts'
import type { TrustRow } from './trust-page.ts'
import { trustPage } from './trust-page.ts'
import { leavingSection, vendorsSection } from './vendors-section.ts'

const root = dirname(dirname(import.meta.dirname))

function openApiPage(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return `${JSON.stringify(openApiOf(operations, version), null, 2)}\n`
}

function trustRegister(): readonly TrustRow[] {
  return (JSON.parse(readFileSync(join(root, 'docs/trust.json'), 'utf8')) as { rows: readonly TrustRow[] }).rows
}

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
    ['docs/reference/golden-costs.md', goldenCostsPage(goldenCosts)],
    [
      'docs/reference/configuration.md',
      `${configurationPage(configured)}\n${vendorsSection(vendors)}
${leavingSection(vendors)}`,
    ],
    [
      'docs/reference/migration-file.md',
      migrationFilePage(z.toJSONSchema(migrationFile, { io: 'input', unrepresentable: 'any' }) as Schema, metrics),
    ],
    ['docs/reference/commands.md', commandsPage()],
    ['docs/reference/openapi.json', openApiPage()],
    ['docs/reference/translation.md', translationPage()],
    ['docs/trust.md', trustPage(trustRegister())],
  ])
}
