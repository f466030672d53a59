/** The list of pages, in the order of the menu. */

import { billingPage } from './billing/page.ts'
import { customersPage } from './customers/page.ts'
import { keysPage } from './keys/page.ts'
import { migrationPage, migrationsPage } from './migrations/page.ts'
import { modelsPage } from './models/page.ts'
import { nodesPage } from './nodes/page.ts'
import { overviewPage } from './overview/page.ts'
import type { Page } from './page.ts'
import { playgroundPage } from './playground/page.ts'
import { providersPage } from './providers/page.ts'
import { quickstartPage } from './quickstart/page.ts'
import { requestsPage } from './requests/page.ts'
import { trailPage } from './trail/page.ts'
import { usagePage } from './usage/page.ts'

export const pages: readonly Page[] = [
  overviewPage,
  quickstartPage,
  requestsPage,
  keysPage,
  modelsPage,
  playgroundPage,
  usagePage,
  billingPage,
  migrationsPage,
  migrationPage,
  providersPage,
  customersPage,
  trailPage,
  nodesPage,
]
