/** What a migration is here. */

import type { Output } from '#actions/contract.ts'

export type Migration = Output<'migrate status'>
