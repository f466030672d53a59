/** The frameworks that staging tests are written for. */

import { pytestFile } from './pytest.ts'
import type { StagingRequest } from './staging.ts'
import { vitestFile } from './vitest.ts'

export const emitters: Readonly<Record<string, (request: StagingRequest) => string>> = {
  pytest: pytestFile,
  vitest: vitestFile,
}
