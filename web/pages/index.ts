/** The list of pages, in the order of the menu. */

import { keysPage } from './keys/page.ts'
import { overviewPage } from './overview/page.ts'
import type { Page } from './page.ts'
import { requestsPage } from './requests/page.ts'

export const pages: readonly Page[] = [overviewPage, requestsPage, keysPage]
