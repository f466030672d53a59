/** The list of pages, in the order of the menu. */

import { alertsPage } from './alerts/page.ts'
import { billingPage } from './billing/page.ts'
import { configurationPage } from './configuration/page.ts'
import { credentialsPage } from './credentials/page.ts'
import { customersPage } from './customers/page.ts'
import { keysPage } from './keys/page.ts'
import { marginsPage } from './margins/page.ts'
import { membersPage } from './members/page.ts'
import { migrationPage, migrationsPage } from './migrations/page.ts'
import { modelsPage } from './models/page.ts'
import { nodesPage } from './nodes/page.ts'
import { overviewPage } from './overview/page.ts'
import type { Page } from './page.ts'
import { paymentsPage } from './payments/page.ts'
import { playgroundPage } from './playground/page.ts'
import { pricesPage } from './prices/page.ts'
import { projectsPage } from './projects/page.ts'
import { providersPage } from './providers/page.ts'
import { quickstartPage } from './quickstart/page.ts'
import { requestsPage } from './requests/page.ts'
import { routingPage } from './routing/page.ts'
import { rulesPage } from './rules/page.ts'
import { securityPage } from './security/page.ts'
import { settingsPage } from './settings/page.ts'
import { trailPage } from './trail/page.ts'
import { usagePage } from './usage/page.ts'
import { webhooksPage } from './webhooks/page.ts'

export const pages: readonly Page[] = [
  overviewPage,
  quickstartPage,
  requestsPage,
  keysPage,
  modelsPage,
  playgroundPage,
  usagePage,
  billingPage,
  alertsPage,
  membersPage,
  projectsPage,
  credentialsPage,
  settingsPage,
  securityPage,
  migrationsPage,
  migrationPage,
  providersPage,
  routingPage,
  rulesPage,
  customersPage,
  paymentsPage,
  pricesPage,
  marginsPage,
  trailPage,
  webhooksPage,
  configurationPage,
  nodesPage,
]
